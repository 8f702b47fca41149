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
   * Where in `bytes` the digits of `counterMark` stand, to be replaced before each sending so that
   * no two are alike.
   */
  readonly counters: readonly number[]
}

export const planNames = ['one-json', 'batch-json', 'batch-protobuf', 'otlp-protobuf'] as const
export type PlanName = (typeof planNames)[number]

/** Ten digits that stand nowhere else. */
export const counterMark = '9081726354'

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
  }
}

const batchSize = 500
const encoder = new TextEncoder()

function plan(records: number, token: string, path: string, contentType: string, body: Uint8Array): RequestPlan {
  const head = encoder.encode(
    `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  const counters: number[] = []
  const buffer = Buffer.from(bytes.buffer)
  for (let at = buffer.indexOf(counterMark); at >= 0; at = buffer.indexOf(counterMark, at + 1)) counters.push(at)
  return { records, bytes, counters }
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
