import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('steps start in order, drain in reverse at SIGTERM or SIGINT, and the process ends with 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const service = run('fine')
    await service.said('ready')
    service.kill(signal)
    assert.deepEqual(await service.ended, { code: 0, signal: null })
    assert.deepEqual(service.messages(), [
      'start first',
      'start second',
      'start third',
      'ready',
      'draining',
      'drain third',
      'drain second',
      'drain first',
      'stopped',
    ])
    for (const line of service.lines) if ('ready' in line) assert.equal(line.ready, false, line.msg)
  }
})

test('when a step cannot start, those before it drain and the process ends with 1', async () => {
  const service = run('start-fails')
  assert.deepEqual(await service.ended, { code: 1, signal: null })
  assert.deepEqual(service.messages(), ['start first', 'test cannot start', 'drain first', 'stopped'])
  const fatal = service.lines.find((line) => line.level === 'fatal')
  assert.equal(fatal?.step, 'second')
  assert.equal(fatal?.err?.message, 'no second')
})

test('what an operator can mend is said in one sentence without a stack', async () => {
  const service = run('start-refused')
  assert.deepEqual(await service.ended, { code: 1, signal: null })
  const { level, step, msg, err, code, reason } = service.lines.at(1) ?? assert.fail()
  assert.deepEqual(
    { level, step, msg, err, code, reason },
    {
      level: 'fatal',
      step: 'second',
      msg: 'test cannot start: The port is taken: move it.',
      err: undefined,
      code: 'conflict',
      reason: 'EADDRINUSE',
    },
  )
})

test('a signal while a step starts is not kept waiting', async () => {
  const service = run('start-hangs')
  await service.said('start first')
  service.kill('SIGTERM')
  assert.deepEqual(await service.ended, { code: 0, signal: null })
  assert.deepEqual(service.messages(), ['start first', 'draining', 'drain first', 'stopped'])
})

test('a step that fails to stop does not keep the others from it; the process ends with 1', async () => {
  const service = run('drain-fails')
  await service.said('ready')
  service.kill('SIGTERM')
  assert.deepEqual(await service.ended, { code: 1, signal: null })
  assert.deepEqual(service.messages().slice(-4), ['drain second', 'a step did not stop', 'drain first', 'stopped'])
})

test('a drain that passes its deadline ends with 1', async () => {
  const service = run('drain-late')
  await service.said('ready')
  service.kill('SIGTERM')
  assert.deepEqual(await service.ended, { code: 1, signal: null })
  assert.equal(service.messages().at(-1), 'the drain took too long')
})

test('a second signal ends the process at once', async () => {
  const service = run('drain-stuck')
  await service.said('ready')
  service.kill('SIGTERM')
  await service.said('drain second')
  service.kill('SIGINT')
  assert.deepEqual(await service.ended, { code: 1, signal: null })
  assert.equal(service.messages().at(-1), 'a second signal: stopping at once')
})

for (const trouble of ['throws', 'rejects']) {
  test(`an error that reaches nobody (${trouble}) is logged and ends the process with 1`, async () => {
    const service = run(trouble)
    assert.deepEqual(await service.ended, { code: 1, signal: null })
    const last = service.lines.at(-1)
    assert.deepEqual([last?.level, last?.msg], ['fatal', 'an error reached nobody'])
    assert.match(last?.err?.message ?? '', /thrown|rejected/)
  })
}

interface Line {
  readonly code?: string | number
  readonly reason?: string
  readonly level: string
  readonly msg: string
  readonly ready?: boolean
  readonly step?: string
  readonly err?: { readonly message: string }
}

interface Running {
  readonly lines: readonly Line[]
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  kill(signal: 'SIGTERM' | 'SIGINT'): void
  messages(): string[]
  said(message: string): Promise<void>
}

/** A service in a process of its own, on the runtime that runs this. */
function run(trouble: string): Running {
  const file = fileURLToPath(new URL('../../test/a-service.ts', import.meta.url))
  const before = process.versions.deno === undefined ? [] : ['run', '--allow-all', '--no-check', '--quiet']
  const child = spawn(process.execPath, [...before, file, trouble], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  const waiting = new Map<string, () => void>()
  const output = createInterface(child.stdout)
  output.on('line', (text) => {
    const line = JSON.parse(text) as Line
    lines.push(line)
    waiting.get(line.msg)?.()
  })
  const ended = Promise.all([
    new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    }),
    new Promise<void>((resolve) => output.once('close', resolve)),
  ]).then(([exit]) => exit)
  return {
    lines,
    ended,
    // Deno would report a child that its own kill() ended as ended by the signal, whatever the exit
    // code.
    kill: (signal) => void process.kill(child.pid ?? 0, signal),
    messages: () => lines.map((line) => line.msg),
    said: (message) =>
      new Promise((resolve) => {
        if (lines.some((line) => line.msg === message)) resolve()
        else waiting.set(message, resolve)
      }),
  }
}
