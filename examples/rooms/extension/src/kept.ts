import type { Telemetry } from './telemetry.ts'

/** What the extension keeps in its storage, which outlives the worker and the browser. */
export interface Kept {
  /** What the person said in the popup. */
  readonly room: string
  readonly server: string
  readonly token: string
  /** What is not stored yet, the oldest first. */
  readonly queue: readonly Waiting[]
  readonly status: Status
}

/** A report that waits until the server has stored it. */
export interface Waiting {
  /** The same in each attempt to send it, so that an answer that is lost stores nothing twice. */
  readonly key: string
  readonly report: Telemetry
}

export interface Status {
  readonly link: Link
  /** What was wrong with the last request; empty when nothing was. */
  readonly reason: string
  /** When the counters of a room were last read, in milliseconds since 1970; 0 before the first. */
  readonly readMs: number
  /** When the last report was stored; as above. */
  readonly sentMs: number
  /** Reports that were left out since the queue was full, or that the server does not take. */
  readonly lost: number
}

/** What became of the last request. */
export type Link = 'idle' | 'connected' | 'offline' | 'busy' | 'refused'

export const nothingKept: Kept = {
  room: '',
  server: '',
  token: '',
  queue: [],
  status: { link: 'idle', reason: '', readMs: 0, sentMs: 0, lost: 0 },
}

export async function readKept(): Promise<Kept> {
  return (await chrome.storage.local.get({ ...nothingKept })) as unknown as Kept
}

export async function keep(changes: Partial<Kept>): Promise<void> {
  await chrome.storage.local.set(changes)
}

/** Whether the person has said all that is needed to send. */
export function isSet({ room, server, token }: Kept): boolean {
  return room !== '' && server !== '' && token !== ''
}
