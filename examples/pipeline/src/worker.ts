import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, producer } from '@weir/client'
import { seeded } from '../../backend/src/seeded.ts'
import { FileStorage } from './file-storage.ts'
import { limits } from './limits.ts'
import { type Payload, stageNamed, stageNames } from './stages.ts'
import { StepBook } from './step-book.ts'

// A worker of one stage: it takes what the stage before it made, one run after the other. Its only
// memory is its cursor; killed at any moment it goes on from there, and what it had said already
// is not said twice.

const { WEIR_HUB_URL = '', WEIR_INGEST_URL = '', WEIR_PROJECTOR_URL = '', WEIR_TOKEN = '' } = process.env
const { DEMO_PROGRAM, DEMO_FOLDER = '.', DEMO_SEED = '1', DEMO_RATE = String(limits.runsPerSecond) } = process.env
const stage = stageNamed(DEMO_PROGRAM)
const everyMs = 1000 / Number(DEMO_RATE)
const workMs = Math.min(stage.workMs, everyMs * limits.busyShare)

const storage = new FileStorage(DEMO_FOLDER)
const weir = connect({ url: WEIR_HUB_URL, readUrl: WEIR_PROJECTOR_URL, token: WEIR_TOKEN, storage })
const sender = producer({
  url: WEIR_INGEST_URL,
  token: WEIR_TOKEN,
  maxDelayMs: 5,
  giveUpMs: limits.giveUpMs,
  // What was not said is said by the next process, which asks first what was done.
  onRejected: (why) => {
    console.error(why)
    process.exit(1)
  },
})
const book = new StepBook(stage, weir, sender)
const began = new Date().toISOString()
let done = 0

await (stage.after === undefined ? beginRuns() : takeRuns(stage.after))

/** The first stage begins a run every few seconds, once all others are there. */
async function beginRuns(): Promise<void> {
  announce()
  await othersAreThere()
  for (let run = Number(storage.getItem('next-run') ?? '1'); ; run++) {
    const due = Date.now() + everyMs
    await work(`run-${run}`, {})
    storage.setItem('next-run', String(run + 1))
    await sleep(Math.max(0, due - Date.now()))
  }
}

async function takeRuns(after: string): Promise<void> {
  const filter = `ops.*.${after}.out`
  // At its very first start there is no cursor; then it begins where the log ends now.
  const start = storage.getItem(`weir:${stage.name}`) === null ? await retried(() => headOf(filter)) : undefined
  const inputs = weir.subscribe({
    filter,
    mode: 'ALL',
    resume: stage.name,
    ...(start === undefined ? {} : { cursor: start }),
  })
  announce()
  for await (const item of inputs) {
    if (item.type === 'gap') console.error(`Runs are missing: ${item.reason}.`)
    if (item.type === 'entry') await work(item.subject.split('.')[1] ?? '', item.data as Payload)
  }
}

async function work(run: string, input: Payload): Promise<void> {
  const { attempt: before, startedMs: beganMs, isMade, isOver } = await retried(() => book.standing(run))
  if (isOver) return
  if (isMade) return await book.complete(run, before, beganMs)
  for (let attempt = before + 1; ; attempt++) {
    const startedMs = Date.now()
    await book.processing(run, attempt, startedMs)
    await sleep(workMs)
    const { failure } = stage
    if (failure === undefined || chanceOf(run, attempt) >= failure.odds) {
      await book.made(run, stage.work(input, chanceOf(run)))
      await book.complete(run, attempt, startedMs)
      break
    }
    const isFinal = attempt >= limits.attemptsMax
    await book.failed(run, attempt, startedMs, failure.message, isFinal)
    if (isFinal) break
    await sleep(Math.min(limits.retryMs * 2 ** (attempt - 1), everyMs * limits.retryShare))
  }
  done++
}

/** From 0 up to 1; the same for the same run, also after a restart. */
function chanceOf(...words: readonly (string | number)[]): number {
  return seeded([DEMO_SEED, stage.name, ...words].join('/'))()
}

/** Says every few seconds that this worker is there. */
function announce(): void {
  const say = (): void => {
    const value = JSON.stringify({ stage: stage.name, done, began, pid: process.pid })
    void sender.send(`workers.${stage.name}`, { type: 'worker', data: { case: 'json', value } }).catch(console.error)
  }
  say()
  setInterval(say, limits.aliveEveryMs)
}

async function othersAreThere(): Promise<void> {
  for (;;) {
    const there = await retried(() => Promise.all(stageNames.map((name) => weir.get('pipeline', `workers.${name}`))))
    if (there.every((item) => item !== undefined && item.ageMs < limits.aliveMs)) return
    await sleep(limits.readyPollMs)
  }
}

async function headOf(filter: string): Promise<string> {
  return (await weir.history({ filter, limit: 1 })).cursor
}

/** A read that fails while the services start or start anew is tried again. */
async function retried<T>(read: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + limits.readMs; ; ) {
    try {
      return await read()
    } catch (fault) {
      if (Date.now() > deadline) throw fault
      await sleep(limits.readyPollMs)
    }
  }
}
