import { createHmac } from 'node:crypto'
import type { NotifySpec } from '../../declaration/notify-spec.ts'
import { limits } from '../../limits.ts'
import { messageId, type Notice } from './notice.ts'

export interface Message {
  readonly id: string
  readonly body: Uint8Array
}

/** What a target gets: JSON of Weir's own, or Slack's. */
export function messageOf(
  spec: Pick<NotifySpec, 'name' | 'shape' | 'line'>,
  tenant: string,
  group: Readonly<Record<string, string>>,
  notices: readonly Notice[],
): Message {
  const { name, shape, line } = spec
  const id = messageId(name, notices)
  const text = textOf(notices.map(line))
  if (shape === 'slack') return { id, body: encoder.encode(JSON.stringify({ text: slackText(text) })) }
  const status = notices.some((notice) => notice.status === 'FIRING') ? 'FIRING' : 'RESOLVED'
  const alerts = notices.map(({ record: _record, sinceMs: _sinceMs, ...alert }) => alert)
  return {
    id,
    body: encoder.encode(JSON.stringify({ version: 1, id, tenant, target: name, status, group, text, alerts })),
  }
}

/**
 * HMAC with SHA-256 over the time, a dot and the body, and the time beside it: what a route of
 * ingest with a signature of style `weir` verifies.
 */
export function signatureOf(body: Uint8Array, key: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000)
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.`).update(body).digest('hex')}`
}

/** As many lines as a message may have, and how many more there are. */
function textOf(lines: readonly string[]): string {
  let text = ''
  for (const [at, line] of lines.entries()) {
    if (text.length + line.length > limits.notifyTextMax) return `${text}\n… ${lines.length - at} more`
    text += at === 0 ? line : `\n${line}`
  }
  return text
}

/** In Slack's text these three characters have a meaning, as in `<!channel>`. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const encoder = new TextEncoder()
