import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../cli/test/processes.ts'
import { type Alert, connect, producer } from '../client/src/index.ts'
import { RunningMesh } from './running-mesh.ts'

const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: hot, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 30', severity: URGENT,
      message: '{1} is at {metric.celsius}' }
`

let mesh: RunningMesh

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-alerts-'))
  const file = join(folder, 'projections.yaml')
  writeFileSync(file, projections)
  mesh = await RunningMesh.start(folder, { WEIR_PROJECTIONS: file })
})

after(() => mesh?.dispose())

test('the client lists alerts, acknowledges and resolves them, and sees what others do', async () => {
  const { addresses, token } = mesh.running
  const weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
  const sender = producer({ url: addresses.ingest, getToken: () => token })
  try {
    const heat = (room: string, celsius: number): Promise<void> =>
      sender.send(`rooms.${room}`, { data: { case: 'reading', value: { metrics: { celsius } } } })
    await heat('r1', 31)
    await heat('r2', 32)
    await heat('r3', 20)
    const open = async (): Promise<readonly Alert[]> => (await weir.alerts()).items
    await until('two alerts fire', async () => (await open()).length === 2)
    const [first] = (await weir.alerts({ filter: 'alerts.hot.r1' })).items
    assert.ok(first?.sinceMs !== undefined && Math.abs(Date.now() - first.sinceMs) < 3_600_000)
    assert.deepEqual(
      { ...first, sinceMs: 0 },
      {
        id: 'hot.r1',
        subject: 'alerts.hot.r1',
        rule: 'hot',
        key: 'r1',
        severity: 'URGENT',
        status: 'FIRING',
        message: 'r1 is at 31',
        by: '',
        sinceMs: 0,
        labels: {},
        silenced: undefined,
        inhibitedBy: undefined,
      },
    )

    const seen: string[] = []
    const { cursor } = await weir.alerts()
    const subscription = weir.subscribe({ source: 'alerts', filter: 'alerts.hot.r1', mode: 'ALL', cursor })
    void (async () => {
      for await (const item of subscription) {
        if (item.type === 'entry' && item.event.data.case === 'alert') seen.push(item.event.data.value.by)
      }
    })()
    const acknowledged = await weir.acknowledgeAlert('hot.r1')
    assert.deepEqual([acknowledged.status, acknowledged.by, acknowledged.sinceMs], ['ACKED', 'owner', first.sinceMs])
    assert.equal((await weir.acknowledgeAlert('hot.r1')).status, 'ACKED')
    await until('the subscriber sees who did', () => seen.includes('owner'))
    assert.equal((await weir.alerts({ status: 'ACKED' })).items[0]?.id, 'hot.r1')

    assert.equal((await weir.resolveAlert('hot.r1')).status, 'RESOLVED')
    await until('it is closed', async () => (await open()).every(({ id }) => id === 'hot.r2'))
    await assert.rejects(weir.acknowledgeAlert('hot.r1'), { name: 'WeirError', code: 'conflict' })
    await assert.rejects(weir.resolveAlert('hot.r3'), { name: 'WeirError', code: 'not_found' })

    const page = await weir.alerts({ status: ['FIRING', 'RESOLVED'], limit: 1 })
    assert.equal(page.items.length, 1)
    const rest = await weir.alerts({ status: ['FIRING', 'RESOLVED'], ...(page.next ? { after: page.next } : {}) })
    assert.deepEqual([...page.items, ...rest.items].map(({ id }) => id).sort(), ['hot.r1', 'hot.r2'])
  } finally {
    await sender.close(1_000)
    weir.close()
  }
})

test('who may not publish to an alert may see it, but not change it', async () => {
  const { addresses } = mesh.running
  const token = (await mesh.weir('token', '--subscribe', 'alerts.>')).out.trim()
  const weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
  try {
    assert.equal((await weir.alerts()).items[0]?.id, 'hot.r2')
    await assert.rejects(weir.acknowledgeAlert('hot.r2'), { name: 'WeirError', code: 'forbidden' })
  } finally {
    weir.close()
  }
})

test('an alert is silenced by the client and by the command line, and the silence ends early', async () => {
  const { addresses, token } = mesh.running
  const weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
  const names = async (): Promise<readonly string[]> => (await weir.silences()).map(({ name }) => name)
  try {
    const made = await weir.silence({ name: 'cleaning', match: { rule: 'hot' }, for: '2h', comment: 'the oven' })
    assert.deepEqual([made.state, made.match, made.untilMs - made.fromMs], ['active', { rule: ['hot'] }, 7_200_000])
    await until('it is in force', async () => (await weir.alerts({ silenced: true })).items[0]?.id === 'hot.r2')
    const listed = await mesh.weir('alerts', 'list')
    assert.match(
      listed.out,
      /^\S+Z {2}hot\.r2 {2}URGENT {2}FIRING {2}silenced by cleaning until \S+Z {2}r2 is at 32\n$/,
    )
    assert.deepEqual((await mesh.weir('alerts', 'unsilence', 'cleaning')).out, 'cleaning is over.\n')
    await until('it is over', async () => (await names()).length === 0)
    await assert.rejects(weir.endSilence('cleaning'), { name: 'WeirError', code: 'not_found' })

    const args = ['--rule', 'hot', '--label', 'team=a', 'team=b', '--for', '1h', '--comment', 'night shift']
    const { code, out, err } = await mesh.weir('alerts', 'silence', 'night', ...args)
    assert.equal(code, 0, err)
    assert.match(out, /^night {2}active {2}until \S+Z {2}hot team=a\|b {2}by \S+ {2}night shift\n$/)
    await until('it is there', async () => (await names()).includes('night'))
    assert.match((await mesh.weir('alerts', 'silences')).out, /^night {2}active/)
    await weir.endSilence('night')
    await until('that is over too', async () => (await names()).length === 0)
    const acked = await mesh.weir('alerts', 'ack', 'hot.r2')
    assert.match(acked.out, /hot\.r2 {2}URGENT {2}ACKED by \S+ {2}r2 is at 32\n$/, acked.err)
    for (const wrong of [
      ['night', '--for', '1h'],
      ['night', '--rule', 'hot'],
      ['night', '--rule', 'hot', '--for', '1h', '--until', '2099-01-01T00:00:00Z'],
      ['night', '--label', 'team', '--for', '1h'],
    ]) {
      assert.equal((await mesh.weir('alerts', 'silence', ...wrong)).code, 2, wrong.join(' '))
    }
    const long = await mesh.weir('alerts', 'silence', 'night', '--rule', 'hot', '--for', '60d')
    assert.deepEqual([long.code, /at most 30 days/.test(long.err)], [2, true])
  } finally {
    weir.close()
  }
})
