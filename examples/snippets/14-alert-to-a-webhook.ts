// A target of alerts: a plain HTTP server that takes what the projection `to-a-webhook` of
// alerts.yaml sends, and checks by the signature that it comes from the mesh, and just now.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'

const { SNIPPETS_SECRET = '', SNIPPETS_WEBHOOK_URL = 'http://127.0.0.1:8098' } = process.env

createServer(async (request, response) => {
  const body = await buffer(request)
  const isOurs = isSigned(String(request.headers['weir-signature']), body)
  response.writeHead(isOurs ? 204 : 401).end()
  if (isOurs) console.log(JSON.parse(body.toString()).text)
}).listen(Number(new URL(SNIPPETS_WEBHOOK_URL).port), '127.0.0.1', () => console.log('listening'))

/** By `t=<seconds>,v1=<hex>`: HMAC with SHA-256 of the time, a dot and the body. */
function isSigned(header: string, body: Buffer): boolean {
  const [, seconds = '', signature = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? []
  const expected = createHmac('sha256', SNIPPETS_SECRET).update(`${seconds}.`).update(body).digest()
  const isNow = Math.abs(Date.now() / 1000 - Number(seconds)) < 300
  return signature !== '' && isNow && timingSafeEqual(Buffer.from(signature, 'hex'), expected)
}
