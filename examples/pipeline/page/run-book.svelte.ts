import type { Entry, Weir } from '@weir/client'
import { limits } from '../src/limits.ts'
import { type StageName, stageNames } from '../src/stages.ts'

export type Status = 'IDLE' | 'PROCESSING' | 'COMPLETE' | 'ERROR'

/** A stage of a run as it stands. */
export interface StageState {
  readonly status: Status
  readonly attempt: number
  /** When the attempt began, in milliseconds since 1970. */
  readonly startedMs: number
  /** How long it took; undefined while it goes on. */
  readonly tookMs: number | undefined
  readonly message: string
  /** What the stage made, as JSON. */
  readonly output: string | undefined
}

export interface Run {
  readonly name: string
  readonly stages: Readonly<Record<StageName, StageState>>
  /** The number of the newest event of it. */
  readonly seq: number
}

/** A worker by its last word. */
export interface Worker {
  readonly heardMs: number
  readonly done: number
}

/**
 * The runs and workers of the bucket `pipeline`: one subscription in mode LATEST, whose snapshot is
 * the whole present, so that a reload shows all that goes on.
 */
export class RunBook {
  /** The newest runs, the last one first. */
  runs: readonly Run[] = $state.raw([])
  workers: Readonly<Partial<Record<StageName, Worker>>> = $state.raw({})
  /** Whether the present is there and goes on; else nobody knows here how the workers are. */
  isCurrent: boolean = $state(false)
  readonly #runs = new Map<string, Run>()
  readonly #workers: Partial<Record<StageName, Worker>> = {}
  #drawing = false

  /** `ended` is told why there is nothing more to come, unless the page itself has closed it. */
  constructor(weir: Weir, ended: (error: Error) => void) {
    this.#follow(weir).catch(ended)
  }

  /** Also one that others have pushed out of the newest. */
  find(name: string): Run | undefined {
    // What depends on the runs looks again when they change.
    void this.runs
    return this.#runs.get(name)
  }

  async #follow(weir: Weir): Promise<void> {
    const filters = ['ops.*.*.*', 'workers.*']
    for await (const item of weir.subscribe({ source: 'pipeline', filters, mode: 'LATEST' })) {
      if (item.type === 'entry') this.#take(item)
      else if (item.type === 'reset') this.#runs.clear()
      else if (item.type === 'removed') this.#runs.delete(item.subject.split('.')[1] ?? '')
      else if (item.type === 'state') this.isCurrent = item.state === 'live' || item.state === 'behind'
      this.#soon()
    }
  }

  #take(entry: Entry): void {
    const [kind, first = '', second, what] = entry.subject.split('.')
    if (kind === 'workers' && isStage(first)) {
      const { done } = entry.data as { readonly done: number }
      this.#workers[first] = { heardMs: Number(entry.event.time?.seconds ?? 0n) * 1000, done }
    }
    if (kind !== 'ops' || !isStage(second)) return
    const before = this.#runs.get(first)
    const stages = { ...(before?.stages ?? noStages) }
    stages[second] =
      what === 'out' ? { ...stages[second], output: entry.event.data.value as string } : stepOf(entry, stages[second])
    this.#runs.set(first, { name: first, stages, seq: Math.max(before?.seq ?? 0, entry.seq) })
  }

  /** Once a picture, however much came. */
  #soon(): void {
    if (this.#drawing) return
    this.#drawing = true
    requestAnimationFrame(() => {
      this.#drawing = false
      this.runs = [...this.#runs.values()].sort((a, b) => numberOf(b) - numberOf(a)).slice(0, limits.runsShownMax)
      this.workers = { ...this.#workers }
    })
  }
}

function stepOf({ event }: Entry, before: StageState): StageState {
  if (event.data.case !== 'step') return before
  const { status, message } = event.data.value
  const { attempt, started, took } = event.labels
  return {
    status: statuses[status] ?? 'IDLE',
    attempt: Number(attempt ?? 1),
    startedMs: Date.parse(started ?? ''),
    tookMs: took === undefined ? undefined : Number(took),
    message,
    output: before.output,
  }
}

function isStage(name: string | undefined): name is StageName {
  return (stageNames as readonly (string | undefined)[]).includes(name)
}

/** `run-12` is the twelfth. */
function numberOf({ name }: Run): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0)
}

const idle: StageState = {
  status: 'IDLE',
  attempt: 0,
  startedMs: 0,
  tookMs: undefined,
  message: '',
  output: undefined,
}
const noStages = Object.fromEntries(stageNames.map((name) => [name, idle])) as Record<StageName, StageState>
/** By the numbers of Step.Status. */
const statuses: readonly Status[] = ['IDLE', 'IDLE', 'PROCESSING', 'COMPLETE', 'ERROR']
