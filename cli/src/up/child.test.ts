import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isRunning, until } from '../../test/processes.ts'
import { Child, type ChildDeclaration } from './child.ts'
import { Leash } from './leash.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-child-'))
after(() => rmSync(folder, { recursive: true }))

function declaration(name: string, script: string, isReady = () => Promise.resolve(true)): ChildDeclaration {
  return { name, command: [process.execPath, '-e', script], env: {}, logPath: join(folder, `${name}.log`), isReady }
}

test('a child that is killed is started again, and one that is stopped is not', async () => {
  const leash = new Leash()
  const said: string[] = []
  const child = new Child(declaration('sleeper', 'setInterval(() => {}, 1000)'), leash, (sentence) =>
    said.push(sentence),
  )
  await child.start()
  const first = child.pid ?? 0
  process.kill(first, 'SIGKILL')
  await until('another process runs', () => child.pid !== undefined && child.pid !== first)
  await until('it is said', () => said.length === 2)
  assert.deepEqual(said, ['sleeper was ended by SIGKILL; starting it again.', 'sleeper is back.'])

  const second = child.pid ?? 0
  await child.stop()
  leash.close()
  assert.equal(child.pid, undefined)
  assert.ok(!isRunning(second))
  assert.equal(said.length, 2)
})

test('a child that ends before it is ready is an error with the end of its log', async () => {
  const leash = new Leash()
  const script = 'console.log("the reason"); process.exit(3)'
  const child = new Child(
    declaration('broken', script, () => Promise.resolve(false)),
    leash,
    () => undefined,
  )
  await assert.rejects(
    child.start(),
    /broken did not start: it ended with exit code 3\.\nThe end of .*\n {2}the reason/,
  )
  leash.close()
})

test('of the log of a part that does not start, what it wrote this time is shown, a fatal line as its message', async () => {
  const leash = new Leash()
  const line = JSON.stringify({ level: 'fatal', msg: 'routes.yaml:2:5: no such field\nroutes.yaml:3:5: nor this' })
  const script = `console.log(${JSON.stringify(line)}); process.exit(1)`
  const wrong = declaration('wrong', script, () => Promise.resolve(false))
  writeFileSync(wrong.logPath, 'a line of yesterday\n')
  await assert.rejects(new Child(wrong, leash, () => undefined).start(), {
    message: `wrong did not start: it ended with exit code 1.\nThe end of ${wrong.logPath}:\n  routes.yaml:2:5: no such field\n  routes.yaml:3:5: nor this`,
  })
  leash.close()
})

test('a program that does not exist is an error', async () => {
  const leash = new Leash()
  const absent: ChildDeclaration = {
    ...declaration('absent', ''),
    command: ['/nowhere/program'],
    isReady: async () => false,
  }
  await assert.rejects(new Child(absent, leash, () => undefined).start(), /absent did not start: it could not be run/)
  leash.close()
})

test('a stopped child has what it wrote in its log', async () => {
  const leash = new Leash()
  const script =
    'process.on("SIGTERM", () => { console.log("bye"); process.exit(0) }); console.log("hello"); setInterval(() => {}, 1000)'
  const log = join(folder, 'talker.log')
  const isReady = async (): Promise<boolean> => readFileSync(log, 'utf8').includes('hello')
  const child = new Child(declaration('talker', script, isReady), leash, () => undefined)
  await child.start()
  await child.stop()
  leash.close()
  assert.equal(readFileSync(log, 'utf8'), 'hello\nbye\n')
})

test('when the holder of the leash is killed, nothing on it survives', async () => {
  const holder = spawn(process.execPath, [fileURLToPath(new URL('../../test/hold-on-leash.ts', import.meta.url))])
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  const held = Number(line.toString())
  assert.ok(isRunning(held))
  holder.kill('SIGKILL')
  await until('the child is gone', () => !isRunning(held))
})
