// Compares programs that others republished with scripts/binaries.sha256, before any of them is
// run: on the Node of the machine, with nothing installed. Arguments: the files, by their paths
// from the root; without any, all pinned ones that are there. Ends with 1 where one differs or has
// no hash (docs/decisions/0017-republished-binaries-are-pinned.md).

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'

const pinned = new Map(
  readFileSync('scripts/binaries.sha256', 'utf8')
    .split('\n')
    .filter((line) => /^[0-9a-f]{64} {2}\S/.test(line))
    .map((line) => [line.slice(66), line.slice(0, 64)]),
)

const given = process.argv.slice(2)
const files = given.length > 0 ? given : [...pinned.keys()].filter((path) => existsSync(path))
for (const path of files) {
  const wanted = pinned.get(path)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const found = hash.digest('hex')
  if (found === wanted) continue
  const fault = wanted === undefined ? 'has no hash in scripts/binaries.sha256' : `should have ${wanted}`
  console.error(`weir: ${path} ${fault}; it has ${found}. Nothing of it was run.`)
  process.exitCode = 1
}
