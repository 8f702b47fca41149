import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { serve } from './serve.ts'

const local = { hostname: '127.0.0.1', port: 0 }

test('a request is answered, and the handler can ask where it came from', async () => {
  const server = await serve(async (request, info) => {
    const { pathname } = new URL(request.url)
    return Response.json({ pathname, ip: info.ip, body: await request.text() })
  }, local)
  const response = await fetch(`http://127.0.0.1:${server.port}/a/b?c`, { method: 'POST', body: 'd' })
  assert.deepEqual(await response.json(), { pathname: '/a/b', ip: '127.0.0.1', body: 'd' })
  await server.close(1_000)
})

test('a handler that throws answers with a problem that does not show the cause', async () => {
  const server = await serve((request) => {
    if (request.url.endsWith('/ours')) throw new WeirError('not_found', 'There is no such thing.')
    throw new Error('secret detail')
  }, local)
  const ours = await fetch(`http://127.0.0.1:${server.port}/ours`)
  assert.equal(ours.status, 404)
  assert.equal(((await ours.json()) as { code: string }).code, 'not_found')
  const foreign = await fetch(`http://127.0.0.1:${server.port}/foreign`)
  assert.equal(foreign.status, 500)
  assert.doesNotMatch(await foreign.text(), /secret detail/)
  await server.close(1_000)
})

test('a rejected promise is answered alike, and can be seen', async () => {
  const seen: unknown[] = []
  const server = await serve(() => Promise.reject(new Error('later')), {
    ...local,
    onError(thrown) {
      seen.push(thrown)
      return new Response('sorry', { status: 500 })
    },
  })
  assert.equal(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), 'sorry')
  assert.match(String(seen), /later/)
  await server.close(1_000)
})

test('a port that is taken is a conflict that says how to move', async () => {
  const first = await serve(() => new Response(), local)
  const second = serve(() => new Response(), { ...local, port: first.port, portSetting: 'WEIR_HUB_PORT' })
  await assert.rejects(second, {
    code: 'conflict',
    message: `Port ${first.port} on 127.0.0.1 is taken: stop what listens there, or move this one with WEIR_HUB_PORT (WEIR_PORT_BASE moves all).`,
  })
  await first.close(1_000)
})

test('closing lets a running request finish, closes idle connections and frees the port', async () => {
  const { promise: gate, resolve: open } = signal()
  const { promise: entered, resolve: enter } = signal()
  const server = await serve(async ({ url }) => {
    if (!url.endsWith('/slow')) return new Response('quick')
    enter()
    await gate
    return new Response('finished')
  }, local)
  const idle = await send(server.port, '/')
  assert.match(await received(idle), /quick/)
  const slow = await send(server.port, '/slow')
  await entered

  let closed = false
  const closing = server.close(60_000).then(() => {
    closed = true
  })
  await ended(idle)
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/`))
  assert.equal(closed, false)

  open()
  assert.match(await received(slow), /finished/)
  await ended(slow)
  await closing
  const next = await serve(() => new Response('next'), { ...local, port: server.port })
  assert.equal(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), 'next')
  await next.close(1_000)
})

test('closing does not wait for a request that never ends', async () => {
  const { promise: entered, resolve: enter } = signal()
  const { promise: never, resolve: end } = signal()
  const server = await serve(async () => {
    enter()
    await never
    return new Response()
  }, local)
  const stuck = await send(server.port, '/')
  await entered
  await server.close(50)
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/`))
  end()
  stuck.destroy()
})

async function send(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`)
  return socket
}

/** The next piece; answers here are small enough to be one. */
async function received(socket: Socket): Promise<string> {
  return String(await once(socket, 'data'))
}

async function ended(socket: Socket): Promise<void> {
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
