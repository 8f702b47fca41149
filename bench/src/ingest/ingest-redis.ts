/**
 * What teams build without Weir, a process of its own: an HTTP handler that verifies the token,
 * parses the event, writes it to Redis as the latest of its subject (SET with EX) and publishes it,
 * and answers when Redis has. Nothing of it survives a crash of Redis, and no subscriber can catch
 * up.
 *
 *   bun bench/src/ingest/ingest-redis.ts <redis port> <jwt secret>
 *
 * Its first line is {"port"}.
 */
import { connect } from 'node:net'
import process from 'node:process'
import { bearerToken, serve, Verifier } from '@weir/mesh'

const [redisPort = '', jwtSecret = ''] = process.argv.slice(2)
const verifier = new Verifier({ jwtSecret, jwtIssuer: 'weir', jwtAudience: 'weir' })
const socket = connect(Number(redisPort), '127.0.0.1')
socket.setNoDelay(true)

/** Who waits for an answer, in the order of the commands. */
const waiting: (() => void)[] = []
let outgoing = ''
let partial = ''

socket.on('data', (chunk: Buffer) => {
  const lines = (partial + chunk.toString('latin1')).split('\r\n')
  partial = lines.pop() ?? ''
  for (const line of lines) {
    if (line.startsWith('-')) throw new Error(line)
    waiting.shift()?.()
  }
})

/** One write for all commands of a turn, as any good client does. */
function command(...parts: readonly string[]): Promise<void> {
  if (outgoing === '') {
    setImmediate(() => {
      socket.write(outgoing)
      outgoing = ''
    })
  }
  outgoing += `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`
  return new Promise((resolve) => waiting.push(resolve))
}

const json = { 'content-type': 'application/json' }

const { port } = await serve(
  async (request) => {
    await verifier.verify(bearerToken(request.headers.get('authorization')) ?? '')
    const text = await request.text()
    const { subject } = JSON.parse(text) as { subject: string }
    await Promise.all([command('SET', subject, text, 'EX', '3600'), command('PUBLISH', subject, text)])
    return new Response('{"ok":true}', { headers: json })
  },
  { hostname: '127.0.0.1', port: 0 },
)
console.log(JSON.stringify({ port }))
