import type { Producer, Weir } from '@weir/client'
import type { Payload, Stage } from './stages.ts'
import { stageNames } from './stages.ts'

/** How a stage stands in a run, and how often it was tried. */
export interface Standing {
  readonly attempt: number
  /** When the last attempt began, in milliseconds since 1970. */
  readonly startedMs: number
  /** What the stage makes is stored; that it is complete may not be. */
  readonly isMade: boolean
  /** It is complete, or has failed for good. */
  readonly isOver: boolean
}

/**
 * What a stage says of its runs. The id of each event is made from what it says, so that saying it
 * again stores it once.
 */
export class StepBook {
  readonly #stage: Stage
  readonly #weir: Weir
  readonly #producer: Producer

  constructor(stage: Stage, weir: Weir, producer: Producer) {
    this.#stage = stage
    this.#weir = weir
    this.#producer = producer
  }

  /** What was said before, also by a worker that was killed. */
  async standing(run: string): Promise<Standing> {
    let [attempt, startedMs, isMade, isOver] = [0, 0, false, false]
    for await (const { subject, step, event } of this.#weir.history({ filter: `ops.${run}.${this.#stage.name}.*` })) {
      isMade ||= subject.endsWith('.out')
      isOver ||= step?.status === statuses.COMPLETE || event.labels.final === 'yes'
      attempt = Math.max(attempt, Number(event.labels.attempt ?? 0))
      startedMs = Math.max(startedMs, Date.parse(event.labels.started ?? '') || 0)
    }
    return { attempt, startedMs, isMade, isOver }
  }

  async processing(run: string, attempt: number, startedMs: number): Promise<void> {
    await this.#say(run, 'PROCESSING', { attempt, startedMs, message: '' })
  }

  async failed(run: string, attempt: number, startedMs: number, message: string, isFinal: boolean): Promise<void> {
    await this.#say(run, 'ERROR', { attempt, startedMs, message, isFinal })
  }

  async made(run: string, output: Payload): Promise<void> {
    const data = { case: 'json', value: JSON.stringify(output) } as const
    await this.#producer.send(this.#subject(run, 'out'), { id: `${run}.${this.#stage.name}.out`, data })
  }

  /** Comes back when all that was said is stored. */
  async complete(run: string, attempt: number, startedMs: number): Promise<void> {
    await this.#say(run, 'COMPLETE', { attempt, startedMs, message: '' })
    await this.#producer.flush()
  }

  async #say(run: string, status: keyof typeof statuses, said: Said): Promise<void> {
    const { name, title } = this.#stage
    const { attempt, startedMs, message, isFinal = false } = said
    const took = status === 'PROCESSING' ? {} : { took: String(Date.now() - startedMs) }
    await this.#producer.send(this.#subject(run, 'step'), {
      id: `${run}.${name}.${status}.${attempt}`,
      type: 'pipeline.step',
      source: `worker/${name}`,
      labels: {
        attempt: String(attempt),
        started: new Date(startedMs).toISOString(),
        ...took,
        ...(isFinal ? { final: 'yes' } : {}),
      },
      data: {
        case: 'step',
        value: { pipeline: run, name: title, status: statuses[status], message, index: stageNames.indexOf(name) },
      },
    })
  }

  #subject(run: string, what: 'step' | 'out'): string {
    return `ops.${run}.${this.#stage.name}.${what}`
  }
}

interface Said {
  readonly attempt: number
  readonly startedMs: number
  readonly message: string
  readonly isFinal?: boolean
}

/** Step.Status of event.proto. */
const statuses = { PROCESSING: 2, COMPLETE: 3, ERROR: 4 } as const
