import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { EventBatchSchema } from '@weir/proto'

/** A kind of request that the load generator sends over and over. */
export interface RequestPlan {
  /** Events or data points in each request. */
  readonly records: number
  /** The whole request, head and body. */
  readonly bytes: Uint8Array
  /**
   * Where in `bytes` the digits of a mark stand, to be replaced before each sending so that no two
   * are alike.
   */
  readonly counters: readonly number[]
  /** How many digits each has. */
  readonly counterDigits: number
}

const planNames = [
  'one-json',
  'batch-json',
  'batch-protobuf',
  'otlp-protobuf',
  'line-protocol',
  'remote-write',
  'remote-write-2',
] as const
export type PlanName = (typeof planNames)[number]

/** Ten digits that stand nowhere else. */
const counterMark = '9081726354'
/** Eight, which as the bytes of a double are a number. */
const valueMark = '90817263'

export function requestPlan(name: PlanName, token: string): RequestPlan {
  switch (name) {
    case 'one-json':
      return plan(1, token, '/v1/events', 'application/json', encoder.encode(JSON.stringify(jsonItem(0))))
    case 'batch-json':
      return plan(batchSize, token, '/v1/events', 'application/json', encoder.encode(JSON.stringify(items(jsonItem))))
    case 'batch-protobuf':
      return plan(batchSize, token, '/v1/events', 'application/x-protobuf', protobufBatch())
    case 'otlp-protobuf':
      return plan(batchSize, token, '/v1/metrics', 'application/x-protobuf', otlpMetrics())
    case 'line-protocol':
      return plan(batchSize, token, '/api/v2/write?bucket=bench', 'text/plain', encoder.encode(items(line).join('\n')))
    case 'remote-write':
      return plan(
        batchSize,
        token,
        '/api/v1/write',
        'application/x-protobuf',
        snappyLiterals(writeRequest()),
        valueMark,
      )
    case 'remote-write-2':
      return plan(batchSize, token, '/api/v1/write', writeRequest2Type, snappyLiterals(writeRequest2()), valueMark)
  }
}

const batchSize = 500
const encoder = new TextEncoder()

function plan(
  records: number,
  token: string,
  path: string,
  contentType: string,
  body: Uint8Array,
  mark: string = counterMark,
): RequestPlan {
  const head = encoder.encode(
    `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  const counters: number[] = []
  const buffer = Buffer.from(bytes.buffer)
  for (let at = buffer.indexOf(mark); at >= 0; at = buffer.indexOf(mark, at + 1)) counters.push(at)
  return { records, bytes, counters, counterDigits: mark.length }
}

function items<T>(item: (at: number) => T): T[] {
  return Array.from({ length: batchSize }, (_, at) => item(at))
}

/** 180 bytes, with neither id nor time: ingest adds them. */
function jsonItem(at: number): unknown {
  return {
    subject: `bench.room${at % 100}.climate`,
    type: 'climate',
    source: '/bench/rooms',
    labels: { floor: '3', wing: 'east' },
    reading: { metrics: { temperature: 21.5 + at / 1000, humidity: 40.25 }, units: { temperature: 'Cel' } },
  }
}

/** The same with ids and times, as a producer sends that cares. */
function protobufBatch(): Uint8Array {
  const batch = create(EventBatchSchema, {
    items: items((at) => ({
      subject: `bench.room${at % 100}.climate`,
      event: {
        id: `bench-${counterMark}-${at}`,
        type: 'climate',
        source: '/bench/rooms',
        time: { seconds: 1_790_000_000n, nanos: 250_000_000 },
        labels: { floor: '3', wing: 'east' },
        data: {
          case: 'reading' as const,
          value: { metrics: { temperature: 21.5 + at / 1000, humidity: 40.25 }, units: { temperature: 'Cel' } },
        },
      },
    })),
  })
  return toBinary(EventBatchSchema, batch)
}

/** One gauge with 500 points of two attributes each, in the wire format of OTLP 1.x. */
function otlpMetrics(): Uint8Array {
  const attribute = (writer: BinaryWriter, field: number, key: string, value: string): void => {
    writer.tag(field, 2).fork().tag(1, 2).string(key).tag(2, 2).fork().tag(1, 2).string(value).join().join()
  }
  const writer = new BinaryWriter()
  writer.tag(1, 2).fork()
  writer.tag(1, 2).fork()
  attribute(writer, 1, 'service.name', 'bench')
  attribute(writer, 1, 'host.name', 'web-1')
  writer.join()
  writer.tag(2, 2).fork().tag(2, 2).fork()
  writer.tag(1, 2).string('system.cpu.utilization').tag(2, 2).string(counterMark).tag(3, 2).string('1').tag(5, 2).fork()
  for (let at = 0; at < batchSize; at++) {
    writer.tag(1, 2).fork()
    writer.tag(3, 1).fixed64('1790000000250000000')
    writer.tag(4, 1).double(at / 1000)
    attribute(writer, 7, 'system.cpu.logical_number', String(at % 100))
    attribute(writer, 7, 'system.cpu.state', at % 2 === 0 ? 'idle' : 'user')
    writer.join()
  }
  writer.join().join().join().join()
  return writer.finish()
}

/** A point of Telegraf's input cpu, of one of 100 series. */
function line(at: number): string {
  const tags = `cpu=cpu${at % 100},datacenter=dc1,host=web-1`
  return `cpu,${tags} usage_idle=97.${at},usage_user=1.${counterMark} 1790000000${String(250_000_000 + at)}`
}

/** A sample of each of 500 series of a node exporter, with six labels. */
function seriesOf(at: number): readonly (readonly [name: string, value: string])[] {
  return [
    ['__name__', 'node_cpu_seconds_total'],
    ['cluster', 'production'],
    ['cpu', String(at)],
    ['instance', 'web-1:9100'],
    ['job', 'node'],
    ['mode', 'idle'],
  ]
}

/** Its value has the bytes of the mark. */
function sample(writer: BinaryWriter, field: number): void {
  const value = new DataView(encoder.encode(valueMark).buffer).getFloat64(0, true)
  writer.tag(field, 2).fork().tag(1, 1).double(value).tag(2, 0).int64('1790000000250').join()
}

/** prometheus.WriteRequest. */
function writeRequest(): Uint8Array {
  const writer = new BinaryWriter()
  for (let at = 0; at < batchSize; at++) {
    writer.tag(1, 2).fork()
    for (const [name, value] of seriesOf(at)) {
      writer.tag(1, 2).fork().tag(1, 2).string(name).tag(2, 2).string(value).join()
    }
    sample(writer, 2)
    writer.join()
  }
  return writer.finish()
}

const writeRequest2Type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

/** io.prometheus.write.v2.Request. */
function writeRequest2(): Uint8Array {
  const symbols = new Map([['', 0]])
  const symbol = (text: string): number => {
    if (!symbols.has(text)) symbols.set(text, symbols.size)
    return symbols.get(text) as number
  }
  const series = new BinaryWriter()
  for (let at = 0; at < batchSize; at++) {
    series.tag(5, 2).fork().tag(1, 2).fork()
    for (const pair of seriesOf(at)) for (const text of pair) series.uint32(symbol(text))
    series.join()
    sample(series, 2)
    // A counter.
    series.tag(5, 2).fork().tag(1, 0).uint32(1).join()
    series.join()
  }
  const writer = new BinaryWriter()
  for (const text of symbols.keys()) writer.tag(4, 2).string(text)
  return writer.raw(series.finish()).finish()
}

/** Snappy's block format without a copy, so that marks are found in it. */
function snappyLiterals(bytes: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().uint32(bytes.length)
  // A literal of a length in two bytes.
  for (let at = 0; at < bytes.length; at += 65_536) {
    const part = bytes.subarray(at, at + 65_536)
    writer.raw(Uint8Array.of(61 << 2, (part.length - 1) & 255, (part.length - 1) >> 8)).raw(part)
  }
  return writer.finish()
}
