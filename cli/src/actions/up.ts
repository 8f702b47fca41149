import { entry } from '../held/entry.ts'
import { type HoldOptions, holdMesh } from '../held/hold-mesh.ts'
import { limits } from '../limits.ts'
import type { Running } from '../up/state-folder.ts'

/** Starts everything on this machine, and comes back when it was asked to end. */
export function up(options: HoldOptions): Promise<number> {
  return holdMesh(options, [], async (running, seconds) => {
    console.log(options.json === true ? JSON.stringify(running) : welcome(running, seconds))
    return undefined
  })
}

function welcome({ addresses, token }: Running, seconds: number): string {
  return `
Ready in ${seconds.toFixed(1)} s.

  page      ${addresses.projector}/#token=${token}
  hub       ${addresses.hub}/v1/ws
  ingest    ${addresses.ingest}/v1/events
  MQTT      ${addresses.mqtt}
  read API  ${addresses.projector}/v1/state/latest

The token in the address of the page grants everything for ${limits.printedTokenSeconds / 86_400} days; "weir token" makes narrower ones.
Try in another terminal, in this folder:

  ${entry()} sub 'metrics.>' --count 5
  ${entry()} pub rooms.r1.climate '{"celsius": 21.5}'
  ${entry()} get latest rooms.r1.climate

Ctrl-C stops everything.`
}
