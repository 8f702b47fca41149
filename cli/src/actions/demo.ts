import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isErrorCode, WeirError } from '@weir/proto'
import { type Demo, readDemo } from '../demo/demo.ts'
import { openPages, pageOrigins } from '../demo/demo-pages.ts'
import { DemoPrograms, refuseTakenPorts } from '../demo/demo-programs.ts'
import type { Addition } from '../held/additions.ts'
import { holdMesh } from '../held/hold-mesh.ts'
import { JoinRequests } from '../held/join-requests.ts'
import { stopSignal } from '../held/stop-signal.ts'
import { limits } from '../limits.ts'
import { rateOf } from '../text/duration.ts'
import { exitCodes } from '../text/exit-code.ts'
import { portsOf } from '../up/ports.ts'
import { isAlive, type Running, StateFolder } from '../up/state-folder.ts'

export interface DemoOptions {
  /** Print one line of JSON once all is ready. */
  readonly json?: boolean
  /** Where .weir is kept. */
  readonly dir: string
  /** Events a second of its producers. */
  readonly rate?: string
  /** Of all chance in its producers. */
  readonly seed: string
}

/** Read before anything is begun. */
interface ReadOptions extends Omit<DemoOptions, 'rate'> {
  readonly rate: number | undefined
}

/**
 * Runs a demo until it is asked to end: on the `weir up` of the folder or, where there is none, on
 * a mesh of its own.
 */
export async function demo(name: string, options: DemoOptions): Promise<number> {
  const declared = readDemo(name)
  const rate = options.rate === undefined ? undefined : rateOf(options.rate, '--rate')
  const state = new StateFolder(resolve(options.dir))
  const running = state.readRunning()
  if (running !== undefined && isAlive(running)) return await onRunning(declared, state, running, { ...options, rate })
  const hubPort = portsOf(process.env).hub
  // The programs of one that was killed are on their way out.
  await refuseTakenPorts(declared, hubPort, running === undefined ? 0 : limits.portsFreeMs)
  return await holdMesh(options, [additionOf(declared, hubPort)], (own) =>
    started(declared, state, own, { ...options, rate }),
  )
}

async function onRunning(demo: Demo, state: StateFolder, running: Running, options: ReadOptions): Promise<number> {
  const hubPort = Number(new URL(running.addresses.hub).port)
  // Before the mesh is asked for anything.
  await refuseTakenPorts(demo, hubPort, 0)
  if (options.json !== true) console.log(`Joining the mesh of process ${running.pid}; ${demo.name} comes up.`)
  await join(state, running, additionOf(demo, hubPort))
  const programs = await started(demo, state, running, options)
  const end = new AbortController()
  const meshEnded = endOf(running, end.signal)
  const why = await Promise.race([stopSignal(() => programs.kill()), meshEnded])
  end.abort()
  const rest = why === undefined ? '.' : '; its configuration stays until the mesh ends.'
  if (options.json !== true) console.log(`\nStopping ${demo.name}${rest}`)
  await programs.stop()
  if (why !== undefined) return exitCodes.done
  throw new WeirError('unavailable', 'The mesh of this folder has ended, so the demo ends too.')
}

/** Asks the process that holds the mesh for the demo's configuration. */
async function join(state: StateFolder, running: Running, addition: Addition): Promise<void> {
  const requests = new JoinRequests(state)
  requests.ask(addition)
  const deadline = Date.now() + limits.joinMs
  for (;;) {
    const answer = requests.answerTo(addition.name)
    if (answer?.refused !== undefined) {
      const { code, message } = answer.refused
      throw new WeirError(isErrorCode(code) ? code : 'internal', message)
    }
    if (answer !== undefined) return
    if (Date.now() > deadline || !isAlive(running)) {
      throw new WeirError('unavailable', 'The mesh of this folder did not take the demo in: start "weir up" anew.')
    }
    await sleep(limits.joinPollMs)
  }
}

/** Resolves to undefined when the mesh is gone. */
async function endOf(running: Running, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted && isAlive(running)) {
    await sleep(limits.joinPollMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Starts the programs, and says where the pages are. */
async function started(
  demo: Demo,
  state: StateFolder,
  running: Running,
  { json = false, rate, seed }: ReadOptions,
): Promise<DemoPrograms> {
  const say = (sentence: string): void => console.error(`weir: ${sentence}`)
  const programs = new DemoPrograms({ demo, state, running, rate, seed, say })
  try {
    await programs.start()
  } catch (thrown) {
    await programs.stop()
    throw thrown
  }
  const pages = await openPages(demo, running, state)
  if (json) console.log(JSON.stringify({ ...running, demo: { name: demo.name, pages, pids: programs.pids() } }))
  else console.log(welcome(demo, pages))
  return programs
}

function additionOf(demo: Demo, hubPort: number): Addition {
  const { name, folder, secrets } = demo
  return { name, folder, origins: pageOrigins(demo, hubPort), secrets }
}

function welcome(demo: Demo, pages: readonly { readonly title: string; readonly url: string }[]): string {
  const lines = pages.map(({ title, url }) => `  ${title}\n    ${url}`)
  return `
${demo.title}

${lines.join('\n')}

examples/${demo.name}/README.md says what there is to see and to try. Ctrl-C stops it.`
}
