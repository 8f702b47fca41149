import {
  alertStatusValues,
  modeValues,
  removalValues,
  severityValues,
  startValues,
  stepStatusValues,
} from './enum-values.ts'
import { enumField, field, type Message, message } from './message.ts'

// The tables of proto/weir/v1/event.proto and wire.proto, written by hand in order of the fields'
// numbers. messages.test.ts compares every number, name and type with the generated descriptors,
// and fails when a field was added there and not here.

const timestamp: Message = message('google.protobuf.Timestamp', {
  seconds: field(1, 'int64'),
  nanos: field(2, 'int32'),
})

const any: Message = message('google.protobuf.Any', {
  typeUrl: field(1, 'string'),
  value: field(2, 'bytes'),
})

const reading: Message = message('weir.v1.Reading', {
  metrics: field(1, 'double', 'map'),
  units: field(2, 'string', 'map'),
  times: field(3, timestamp, 'map'),
  integers: field(4, 'int64', 'map'),
})

const stateChange: Message = message('weir.v1.StateChange', {
  category: field(1, 'string'),
  entity: field(2, 'string'),
  from: field(3, 'string'),
  to: field(4, 'string'),
  code: field(5, 'int32'),
  name: field(6, 'string'),
})

const alert: Message = message('weir.v1.Alert', {
  rule: field(1, 'string'),
  severity: enumField(2, severityValues),
  status: enumField(3, alertStatusValues),
  message: field(4, 'string'),
  key: field(5, 'string'),
  since: field(6, timestamp),
  by: field(7, 'string'),
})

const step: Message = message('weir.v1.Step', {
  pipeline: field(1, 'string'),
  name: field(2, 'string'),
  status: enumField(3, stepStatusValues),
  message: field(4, 'string'),
  index: field(5, 'uint32'),
})

const binary: Message = message('weir.v1.Binary', {
  contentType: field(1, 'string'),
  data: field(2, 'bytes'),
})

export const event: Message = message(
  'weir.v1.Event',
  {
    id: field(1, 'string'),
    type: field(2, 'string'),
    source: field(3, 'string'),
    time: field(4, timestamp),
    labels: field(5, 'string', 'map'),
    traceparent: field(6, 'string'),
  },
  'data',
  {
    reading: field(10, reading),
    stateChange: field(11, stateChange),
    alert: field(12, alert),
    step: field(13, step),
    json: field(14, 'string'),
    binary: field(15, binary),
    any: field(16, any),
  },
)

const cursor: Message = message('weir.v1.Cursor', {
  epoch: field(1, 'uint64'),
  seq: field(2, 'uint64'),
})

const hello: Message = message('weir.v1.Hello', {
  token: field(1, 'string'),
  client: field(2, 'string'),
  windowBytes: field(3, 'uint32'),
})

const subscribe: Message = message('weir.v1.Subscribe', {
  id: field(1, 'uint32'),
  source: field(2, 'string'),
  filters: field(3, 'string', 'list'),
  mode: enumField(4, modeValues),
  cursor: field(5, cursor),
  intervalMs: field(6, 'uint32'),
  cursors: field(7, message('weir.v1.Cursors', { cursors: field(1, cursor, 'list') })),
})

export const clientFrame: Message = message('weir.v1.ClientFrame', {}, 'frame', {
  hello: field(1, hello),
  subscribe: field(2, subscribe),
  unsubscribe: field(3, message('weir.v1.Unsubscribe', { id: field(1, 'uint32') })),
  ack: field(4, message('weir.v1.Ack', { bytes: field(1, 'uint32') })),
  renew: field(5, message('weir.v1.Renew', { token: field(1, 'string') })),
  ping: field(6, message('weir.v1.Ping', {})),
})

const limits: Message = message('weir.v1.Limits', {
  windowBytes: field(1, 'uint32'),
  frameBytesMax: field(2, 'uint32'),
  subscriptionsMax: field(3, 'uint32'),
  filtersMax: field(4, 'uint32'),
  intervalMsMax: field(5, 'uint32'),
})

const welcome: Message = message('weir.v1.Welcome', {
  session: field(1, 'string'),
  hub: field(2, 'string'),
  heartbeatMs: field(3, 'uint32'),
  limits: field(4, limits),
  tokenExpires: field(5, 'uint64'),
})

const shard: Message = message('weir.v1.Shard', {
  channel: field(1, 'uint32'),
  cursor: field(2, cursor),
})

const subscribed: Message = message('weir.v1.Subscribed', {
  id: field(1, 'uint32'),
  channel: field(2, 'uint32'),
  cursor: field(3, cursor),
  start: enumField(4, startValues),
  shards: field(5, message('weir.v1.Shards', { shards: field(1, shard, 'list') })),
})

export const entry: Message = message(
  'weir.v1.Entry',
  {
    subject: field(1, 'string'),
    seq: field(2, 'uint64'),
  },
  'content',
  {
    event: field(3, 'bytes'),
    removal: enumField(4, removalValues),
  },
)

const batch: Message = message('weir.v1.Batch', {
  channel: field(1, 'uint32'),
  from: field(2, 'uint64'),
  to: field(3, 'uint64'),
  conflated: field(4, 'uint64'),
  uncounted: field(5, 'bool'),
  entries: field(6, entry, 'list'),
})

const gap: Message = message('weir.v1.Gap', {
  id: field(1, 'uint32'),
  from: field(2, 'uint64'),
  to: field(3, 'uint64'),
  reason: field(4, 'string'),
  channel: field(5, 'uint32'),
})

const refused: Message = message('weir.v1.Refused', {
  id: field(1, 'uint32'),
  code: field(2, 'string'),
  message: field(3, 'string'),
})

const goaway: Message = message('weir.v1.Goaway', {
  reason: field(1, 'string'),
  reconnectAfterMs: field(2, 'uint32'),
})

export const serverFrame: Message = message('weir.v1.ServerFrame', {}, 'frame', {
  welcome: field(1, welcome),
  subscribed: field(2, subscribed),
  batch: field(3, batch),
  gap: field(4, gap),
  refused: field(5, refused),
  goaway: field(6, goaway),
  pong: field(7, message('weir.v1.Pong', {})),
})
