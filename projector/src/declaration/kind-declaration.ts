import * as v from 'valibot'

/** Where in the file a fault is: the keys from the root to a value, and perhaps a place in its text. */
export type FaultPath = readonly (string | number | TextOffset)[]

/** A place in a text value, in UTF-16 units from its begin. */
export interface TextOffset {
  readonly offset: number
}

export type ReportFault = (path: FaultPath, message: string) => void

/** Reports a fault of a field of one projection. */
export type FaultOf = (field: string, message: string) => void

/** How projections of one kind are declared. */
export interface KindDeclaration<Spec> {
  /** The names of its fields. */
  readonly fields: readonly string[]
  /** Reports every fault; undefined when there was one. */
  read(declared: Readonly<Record<string, unknown>>, report: ReportFault): Spec | undefined
}

/** @param toSpec fills in what depends on several fields; undefined when it reports a fault */
export function declareKind<Entries extends v.ObjectEntries, Spec>(
  entries: Entries,
  toSpec: (declared: v.InferOutput<v.ObjectSchema<Entries, undefined>>, fault: FaultOf) => Spec | undefined,
): KindDeclaration<Spec> {
  const fields = ['kind', ...Object.keys(entries)]
  const schema = v.object(entries)
  return {
    fields,
    read(declared, report) {
      let faults = 0
      const fault: ReportFault = (path, message) => {
        faults++
        report(path, message)
      }
      for (const name of Object.keys(declared)) {
        if (!fields.includes(name)) fault([name], `there is no such field here; there are ${fields.join(', ')}`)
      }
      const parsed = v.safeParse(schema, declared)
      for (const issue of parsed.issues ?? []) fault(pathOf(issue), messageOf(issue))
      if (!parsed.success) return undefined
      const spec = toSpec(parsed.output, (field, message) => fault([field], message))
      return faults === 0 ? spec : undefined
    },
  }
}

function pathOf(issue: v.BaseIssue<unknown>): FaultPath {
  return (issue.path ?? []).map(({ key }) => key as string | number | TextOffset)
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  return issue.type === 'object' && issue.received === 'undefined' ? 'this field is required' : issue.message
}
