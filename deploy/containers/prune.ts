// Run while an image is built, from the root of the sources: `prune.ts PACKAGE...` leaves what
// those packages run, and no more.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const kept = new Set([...process.argv.slice(2), 'deploy', 'node_modules', 'package.json'])
for (const name of readdirSync('.')) if (!kept.has(name)) remove(name)

// A peer of valibot that only its types need.
remove('node_modules/typescript')
remove('node_modules/@typescript')

// The binaries of uWebSockets.js: one a version of Node, and the hub runs on Node 22.
const sockets = 'node_modules/@uwsjs'
if (existsSync(sockets)) for (const name of readdirSync(sockets)) if (!name.endsWith('-22')) remove(join(sockets, name))

for (const entry of readdirSync('.', { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (entry.isSymbolicLink()) {
    // A package of this repository that none of the kept ones needs.
    if (!existsSync(path)) remove(path)
  } else if (/(\.d\.[cm]?ts|\.map|\.md|\.test\.ts)$/.test(entry.name)) remove(path)
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
