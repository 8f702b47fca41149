import { create, toBinary } from '@bufbuild/protobuf'
import { type ClientFrame, ClientFrameSchema, clientFrameToJson, Mode, type Subscribe } from '@weir/proto'
import { clientFrame } from '../frames/frame-splitter.ts'
import { openingCommands } from '../frames/push-reader.ts'
import type { SubscriberPlan } from './subscriber-plan.ts'

/** The HTTP request that a subscriber begins with. */
export function request({ dialect, filter, mode, token }: SubscriberPlan): string {
  if (dialect === 'sse') {
    const query = new URLSearchParams({ filter, mode })
    return `GET /v1/sse?${query} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`
  }
  const path = paths[dialect] ?? '/v1/ws'
  const protocol = protocols[dialect]
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: bench',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

const paths: Readonly<Partial<Record<SubscriberPlan['dialect'], string>>> = {
  nats: '/',
  centrifuge: '/connection/websocket',
}

const protocols: Readonly<Partial<Record<SubscriberPlan['dialect'], string>>> = {
  weir: 'weir.v1',
  plain: 'weir.v1',
  json: 'weir.v1.json',
  centrifuge: 'centrifuge-protobuf',
}

/**
 * What it says when its WebSocket is open: who it is, and what it subscribes to, from its cursor if
 * it has one.
 */
export function openingFrames(plan: SubscriberPlan, cursor: { epoch: bigint; seq: number } | undefined): Uint8Array {
  const { dialect, token, filter, mode, windowBytes } = plan
  if (dialect === 'nats') {
    return clientFrame(Buffer.from(`CONNECT {"verbose":false,"headers":true}\r\nSUB ${filter} 1\r\nPING\r\n`))
  }
  if (dialect === 'centrifuge') return clientFrame(openingCommands(token, filter))
  const subscribe: Subscribe = {
    $typeName: 'weir.v1.Subscribe',
    id: 1,
    source: 'events',
    filters: [filter],
    mode: Mode[mode],
    intervalMs: plan.intervalMs ?? 0,
    ...(cursor && { cursor: { $typeName: 'weir.v1.Cursor', epoch: cursor.epoch, seq: BigInt(cursor.seq) } }),
  }
  return Buffer.concat([
    encode(dialect, { case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: 'bench', windowBytes } }),
    encode(dialect, { case: 'subscribe', value: subscribe }),
  ])
}

export function acknowledgement(dialect: SubscriberPlan['dialect'], bytes: number): Uint8Array {
  return dialect === 'json'
    ? encode(dialect, { case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes } })
    : ackFrame(bytes)
}

function encode(dialect: SubscriberPlan['dialect'], frame: ClientFrame['frame']): Uint8Array {
  const message = create(ClientFrameSchema, { frame })
  if (dialect !== 'json') return clientFrame(toBinary(ClientFrameSchema, message))
  return clientFrame(Buffer.from(clientFrameToJson(message)), textOpcode)
}

const textOpcode = 1

/** Ack by hand: a generator sends tens of thousands a second. */
function ackFrame(bytes: number): Uint8Array {
  const digits: number[] = []
  for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
    digits.push(rest > 0x7f ? (rest % 128) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Uint8Array.of(0x82, 0x80 | (digits.length + 3), 0, 0, 0, 0, 0x22, digits.length + 1, 0x08, ...digits)
}
