import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { until } from '../cli/test/processes.ts'
import { ExportTraceServiceRequestSchema } from '../ingest/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import { RunningMesh } from './running-mesh.ts'

interface SeenSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly parentSpanId: string
  readonly isError: boolean
}

const spans: SeenSpan[] = []
let collector: Server
let mesh: RunningMesh

before(async () => {
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    take(Buffer.concat(chunks))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  mesh = await RunningMesh.start(undefined, { WEIR_TRACES_URL: `http://127.0.0.1:${port}/v1/traces` })
})

after(async () => {
  await mesh?.dispose()
  collector?.close()
})

test('an event whose trace is sampled has spans of ingest, projector and hub in the trace of its producer', async () => {
  const subscriber = mesh.spawn('sub', 'traced.>')
  let printed = ''
  subscriber.stdout?.on('data', (text: Buffer) => {
    printed += text
  })
  const sampled = traceparent('1', '01')
  await until('the subscriber gets events', async () => {
    await send(sampled, 'traced.a')
    return printed.includes('traced.a')
  })
  await send(traceparent('2', '00'), 'traced.b')
  const names = (): string[] => spans.map(({ service, name }) => `${service}: ${name}`)
  const expected = ['weir-ingest: POST /v1/events', 'weir-projector: project main/latest', 'weir-hub: deliver events']
  await until('every service has told', () => expected.every((name) => names().includes(name)), undefined, names)
  for (const { traceId, parentSpanId, isError } of spans) {
    assert.deepEqual([traceId, parentSpanId, isError], ['1'.repeat(32), '1'.repeat(16), false])
  }
  subscriber.kill('SIGTERM')
})

test('the histograms of ingest and hub lead to that trace, in OpenMetrics', async () => {
  const { admin } = mesh.running.addresses
  for (const [url, histogram] of [
    [admin.ingest, 'weir_ingest_request_seconds'],
    [admin.hub, 'weir_hub_pass_seconds'],
  ] as const) {
    const response = await fetch(`${url}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
    assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text/)
    const text = await response.text()
    assert.match(
      text,
      new RegExp(`^${histogram}_bucket\\{le="[^"]+"\\} \\d+ # \\{trace_id="1{32}"\\} `, 'm'),
      histogram,
    )
  }
})

async function send(traceparent: string, subject: string): Promise<void> {
  const response = await fetch(new URL('/v1/events', mesh.running.addresses.ingest), {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json', traceparent },
    body: JSON.stringify({ subject, type: 'test', source: '/test', traceparent, data: { a: 1 } }),
  })
  assert.equal(response.status, 200, await response.text())
}

function traceparent(digit: string, flags: string): string {
  return `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`
}

function take(body: Buffer): void {
  for (const { resource, scopeSpans } of fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans) {
    const value = resource?.attributes.find(({ key }) => key === 'service.name')?.value?.value
    const service = value?.case === 'stringValue' ? value.value : ''
    for (const { name, traceId, parentSpanId, status } of scopeSpans.flatMap(({ spans }) => spans)) {
      spans.push({
        service,
        name,
        traceId: Buffer.from(traceId).toString('hex'),
        parentSpanId: Buffer.from(parentSpanId).toString('hex'),
        isError: status?.code === 2,
      })
    }
  }
}
