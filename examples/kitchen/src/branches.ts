/** The branches, with their names for people. */
export const branches = { centro: 'Centro', norte: 'Norte', sur: 'Sur' } as const

export type Branch = keyof typeof branches

export const branchIds: readonly Branch[] = ['centro', 'norte', 'sur']

export function isBranch(text: string): text is Branch {
  return Object.hasOwn(branches, text)
}
