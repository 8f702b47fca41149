import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { networks } from '@weir/mesh'
import { AddressGuard } from './address-guard.ts'
import { post } from './post.ts'

const open = new AddressGuard(networks.parse('127.0.0.0/8, ::1'))
const servers: Server[] = []
const sockets = new Set<Socket>()

after(() => {
  for (const server of servers) server.close()
  for (const socket of sockets) socket.destroy()
})

async function listening(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A server that says these bytes to whoever connects. */
function saying(text: string): Promise<number> {
  return listening(createTcpServer((socket) => socket.on('error', () => undefined).end(text)))
}

function web(handle: RequestListener): Promise<number> {
  return listening(createServer(handle))
}

function send(url: string, guard: AddressGuard = open): Promise<number> {
  return post({ url: new URL(url), headers: [['x-one', 'a']], body: new TextEncoder().encode('{"ä":1}') }, guard)
}

test('a request arrives as it is, and the status is what it gives', async () => {
  const seen: unknown[] = []
  const port = await web((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push(request.method, request.url, request.headers.host, request.headers['x-one'], body)
      response.writeHead(204).end()
    })
  })
  assert.equal(await send(`http://localhost:${port}/a/b?c=d`), 204)
  assert.deepEqual(seen, ['POST', '/a/b?c=d', `localhost:${port}`, 'a', '{"ä":1}'])
})

test('an interim answer is none, and a redirect is a status and leads nowhere', async () => {
  assert.equal(
    await send(`http://127.0.0.1:${await saying('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n')}/`),
    503,
  )
  let followed = false
  const other = await web((_request, response) => {
    followed = true
    response.end()
  })
  const port = await web((_request, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end()
  })
  assert.equal(await send(`http://127.0.0.1:${port}/`), 307)
  assert.equal(followed, false)
})

test('garbage, nothing and nobody are failures that say the host alone', async () => {
  const gone = await saying('')
  servers.at(-1)?.close()
  for (const [port, says] of [
    [await saying('SSH-2.0-OpenSSH_9.2\r\n'), /HTTP/],
    [await saying('HTTP/1.1 abc\r\n'), /HTTP/],
    [await saying('HTTP/1.1 20'), /closed/],
    [await saying(''), /closed/],
    [await saying(`HTTP/1.1 100 Continue\r\nx: ${'y'.repeat(20_000)}`), /HTTP/],
    [gone, /cannot be reached/],
  ] as const) {
    await assert.rejects(send(`http://127.0.0.1:${port}/secret?token=secret`), (thrown: Error) => {
      assert.match(thrown.message, says)
      assert.doesNotMatch(thrown.message, /secret/)
      return true
    })
  }
})

test('an address inside is refused before anything is sent, by name and by number', async () => {
  let connected = false
  const port = await web((_request, response) => {
    connected = true
    response.end()
  })
  const shut = new AddressGuard([])
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0']) {
    await assert.rejects(send(`http://${host}:${port}/`, shut), { code: 'forbidden' }, host)
  }
  assert.equal(connected, false)
})

test('a server without TLS is told nothing by an https address', async () => {
  const port = await web((_request, response) => response.end())
  await assert.rejects(send(`https://127.0.0.1:${port}/`), { code: 'unavailable' })
})
