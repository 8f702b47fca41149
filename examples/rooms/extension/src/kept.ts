import type { Telemetry } from './telemetry.ts'

/** What the extension keeps in its storage, which outlives the worker and the browser. */
export interface Kept {
  /** What the person said in the popup. */
  readonly room: string
  readonly server: string
  readonly token: string
  /** What is not sent yet, the oldest first. */
  readonly queue: readonly Telemetry[]
  readonly status: Status
}

export interface Status {
  readonly link: 'idle' | 'connected' | 'offline' | 'refused'
  /** What was wrong with the last request; empty when nothing was. */
  readonly reason: string
  /** When the last report was stored, in milliseconds since 1970; 0 before the first. */
  readonly sentMs: number
  /** Reports that were left out since the queue was full, or that the server does not take. */
  readonly lost: number
}

export const nothingKept: Kept = {
  room: '',
  server: '',
  token: '',
  queue: [],
  status: { link: 'idle', reason: '', sentMs: 0, lost: 0 },
}

export async function readKept(): Promise<Kept> {
  return (await chrome.storage.local.get({ ...nothingKept })) as unknown as Kept
}

export async function keep(changes: Partial<Kept>): Promise<void> {
  await chrome.storage.local.set(changes)
}
