// `make gen`: writes the generated files again. `make check` fails when that would change one.

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generate, generatedNow } from './generated.ts'
import { root } from './run.ts'

const wanted = await generate()
const present = await generatedNow()
for (const [path, text] of wanted) {
  if (present.get(path) === text) continue
  await mkdir(dirname(root + path), { recursive: true })
  await writeFile(root + path, text)
  console.log(`wrote ${path}`)
}
for (const path of present.keys()) {
  if (wanted.has(path)) continue
  await rm(root + path)
  console.log(`removed ${path}`)
}
