// Run while the image of the hub is built, from the root of the sources: `uws-binary.ts ARCH`, with
// amd64 or arm64. The registry has uWebSockets.js for amd64 alone; for arm64 its authors' own file,
// by the tag of its version, takes that place once its SHA-256 is the one that
// UWS_ARM64_SHA256 names.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

const [arch = ''] = process.argv.slice(2)
if (arch === 'arm64') await bring()
else if (arch !== 'amd64') end(`there is no image of the hub for "${arch}"`)

async function bring(): Promise<void> {
  const version = authorsVersion()
  const { UWS_URL, UWS_ARM64_SHA256 } = process.env
  const source = UWS_URL ?? 'https://raw.githubusercontent.com/uNetworking/uWebSockets.js'
  // 127 is the binary interface of Node 22.
  const url = `${source}/v${version}/uws_linux_arm64_127.node`
  const answer = await fetch(url)
  if (!answer.ok) end(`${url} answers with ${answer.status}`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const hash = createHash('sha256').update(bytes).digest('hex')
  if (hash !== UWS_ARM64_SHA256) {
    const wanted = UWS_ARM64_SHA256 || 'nothing'
    end(`${url} has the SHA-256 ${hash}, and UWS_ARM64_SHA256 says ${wanted}: compare it with a copy that you trust`)
  }
  const folder = 'node_modules/@uwsjs/linux-arm64-22'
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/uws.node`, bytes)
  writeFileSync(`${folder}/index.js`, "module.exports = require('./uws.node')\n")
  writeFileSync(
    `${folder}/package.json`,
    JSON.stringify({ name: '@uwsjs/linux-arm64-22', version, main: './index.js' }),
  )
}

/** The registry has numbers of its own; the code says which version of the authors it is. */
function authorsVersion(): string {
  const [, version] =
    /version of uWS\.js \(v([\d.]+)\)/.exec(readFileSync('node_modules/uWebSockets.js/uws.js', 'utf8')) ?? []
  return version ?? end('node_modules/uWebSockets.js does not say its version')
}

function end(fault: string): never {
  console.error(`uws-binary.ts: ${fault}.`)
  process.exit(1)
}
