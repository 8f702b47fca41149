/** What a flood publishes to. */
export function floodSubject(index: number): string {
  return `flood.s${index}`
}

export const floodFilter = 'flood.>'
