import assert from 'node:assert/strict'
import { request } from 'node:https'
import { until } from '../../cli/test/processes.ts'
import type { RunningMesh } from '../running-mesh.ts'
import type { RunningProxy } from './running-proxy.ts'

/** Not the address of the proxies, which come from 127.0.0.1. */
const own = '127.0.0.77'

/** A client of another address claims to be somebody else; the list of sessions has it as it is. */
export async function clientAddress(
  { proxy, url }: RunningProxy,
  { token, addresses }: RunningMesh['running'],
): Promise<void> {
  const claimed = { 'x-forwarded-for': ['203.0.113.1', '127.0.0.1'], forwarded: 'for=203.0.113.1' }
  const agent = `address-${proxy.program}`
  const headers = { authorization: `Bearer ${token}`, 'user-agent': agent, ...claimed }
  const asked = request(`${url}/v1/sse?filter=nobody`, { localAddress: own, headers })
  asked.on('error', () => undefined)
  asked.on('response', (response) => response.resume())
  asked.end()
  try {
    let seen: string | undefined
    await until('the session is in the list', async () => {
      const response = await fetch(`${addresses.admin.hub}/v1/sessions`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const { sessions } = (await response.json()) as { sessions: { client: string; ip: string }[] }
      seen = sessions.find(({ client }) => client === agent)?.ip
      return seen !== undefined
    })
    assert.equal(seen, own)
  } finally {
    asked.destroy()
  }
}
