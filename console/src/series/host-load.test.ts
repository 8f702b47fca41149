import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterMatches } from '@weir/proto'
import { HostLoad, hostFilters } from './host-load.ts'

const idle = (cpu: number, host = 'web-1'): string =>
  `metrics.host.${host}.system.cpu.utilization.logical_number=${cpu}.state=idle.id=x`
const memory = 'metrics.host.web-1.system.memory.utilization.state=used.id=x'

test('the filters match the series that are taken', () => {
  assert.ok(filterMatches(hostFilters.idle, idle(3)))
  assert.ok(filterMatches(hostFilters.memory, memory))
})

test('CPU in use is one minus the mean of the idle shares of a second', () => {
  const load = new HostLoad(60)
  load.add(idle(0), 10_010, 0.9)
  load.add(idle(1), 10_010, 0.5)
  load.add(memory, 10_020, 0.25)
  load.add(idle(0), 11_010, 1)
  const { times, cpu, memory: used } = load.columns()
  assert.deepEqual(times, [10, 11])
  assert.ok(Math.abs((cpu[0] ?? 0) - 0.3) < 1e-9)
  assert.deepEqual([cpu[1], used], [0, [0.25, null]])
})

test('readings may come in any order and twice', () => {
  const load = new HostLoad(60)
  for (const at of [12_000, 10_000, 11_000, 10_000]) load.add(memory, at, at / 100_000)
  assert.deepEqual(load.columns().times, [10, 11, 12])
  assert.deepEqual(load.columns().memory, [0.1, 0.11, 0.12])
})

test('a silence is a gap in both lines', () => {
  const load = new HostLoad(600)
  for (const second of [10, 25, 60]) load.add(memory, second * 1000, 0.5)
  assert.deepEqual(load.columns(), {
    times: [10, 25, 26, 60],
    cpu: [null, null, null, null],
    memory: [0.5, 0.5, null, 0.5],
  })
})

test('what slides out of the window is dropped', () => {
  const load = new HostLoad(5)
  for (let second = 0; second < 100; second++) load.add(memory, second * 1000, 0.5)
  assert.deepEqual(load.columns().times, [94, 95, 96, 97, 98, 99])
})

test('only the machine that was heard first is shown', () => {
  const load = new HostLoad(60)
  load.add(idle(0, 'web-1'), 1000, 0.9)
  load.add(idle(0, 'web-2'), 2000, 0.1)
  assert.equal(load.host, 'web-1')
  assert.deepEqual(load.columns().times, [1])
})
