import type { AlertMatch } from '@weir/proto'

/** What a silence is about, each condition as a person would filter for it. */
export function matchTexts({ rule, filter, severity, labels }: AlertMatch): readonly string[] {
  return [
    ...(rule ?? []),
    ...(filter ?? []),
    ...(severity ?? []),
    ...Object.entries(labels ?? {}).map(([name, values]) => `${name}=${values.join('|')}`),
  ]
}
