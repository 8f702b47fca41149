/** What travels from stage to stage: each adds its part. */
export type Payload = Readonly<Record<string, unknown>>

export interface Stage {
  readonly name: StageName
  /** As people read it. */
  readonly title: string
  /** The stage whose output it takes; the first takes none. */
  readonly after: StageName | undefined
  /** About how long its work takes. */
  readonly workMs: number
  /** How often an attempt fails, of 1, and what is said of it. */
  readonly failure?: { readonly odds: number; readonly message: string }
  /** What it makes of its input; `chance` is from 0 up to 1. */
  readonly work: (input: Payload, chance: number) => Payload
}

export const stageNames = ['radar', 'analyst', 'advisor', 'actuator', 'quality', 'report'] as const
export type StageName = (typeof stageNames)[number]

export const stages: readonly Stage[] = [
  {
    name: 'radar',
    title: 'Radar',
    after: undefined,
    workMs: 500,
    work: (_, chance) => ({
      source: `sensor-${1 + Math.floor(chance * 40)}`,
      level: Number((chance * 100).toFixed(1)),
    }),
  },
  {
    name: 'analyst',
    title: 'Analyst',
    after: 'radar',
    workMs: 900,
    work: (input, chance) => ({ ...input, risk: chance > 0.7 ? 'high' : chance > 0.3 ? 'medium' : 'low' }),
  },
  {
    name: 'advisor',
    title: 'Advisor',
    after: 'analyst',
    workMs: 700,
    failure: { odds: 0.05, message: 'The model gives no answer.' },
    work: (input) => ({ ...input, advice: { high: 'close', medium: 'throttle', low: 'watch' }[String(input.risk)] }),
  },
  {
    name: 'actuator',
    title: 'Actuator',
    after: 'advisor',
    workMs: 1_100,
    failure: { odds: 0.25, message: 'The valve does not answer.' },
    work: (input, chance) => ({
      ...input,
      valve: `v${1 + Math.floor(chance * 12)}`,
      applied: input.advice !== 'watch',
    }),
  },
  {
    name: 'quality',
    title: 'Quality',
    after: 'actuator',
    workMs: 600,
    work: (input, chance) => ({ ...input, score: Number((0.8 + chance * 0.2).toFixed(3)) }),
  },
  {
    name: 'report',
    title: 'Report',
    after: 'quality',
    workMs: 400,
    work: (input) => ({ ...input, summary: `${input.source}: ${input.advice}, score ${input.score}` }),
  },
]

export function stageNamed(name: string | undefined): Stage {
  const stage = stages.find((each) => each.name === name)
  if (stage === undefined) throw new Error(`"${name}" is no stage: there are ${stageNames.join(', ')}.`)
  return stage
}
