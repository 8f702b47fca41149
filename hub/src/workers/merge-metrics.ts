/**
 * The metrics of several processes as one text, in the Prometheus text format or in OpenMetrics as
 * they are: each sample gets the label `worker` with the key of its process, and each family its
 * HELP and TYPE once, as both formats ask.
 */
export function mergeMetrics(texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>()
  for (const [worker, text] of texts) {
    let family: Family = { head: [], samples: [] }
    for (const line of text.split('\n')) {
      const [, keyword, name = ''] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
      if (keyword !== undefined) {
        family = families.get(name) ?? { head: [], samples: [] }
        families.set(name, family)
        if (!family.head.some((each) => each.startsWith(`# ${keyword} `))) family.head.push(line)
      } else if (line !== '' && !line.startsWith('#')) {
        family.samples.push(labelled(line, worker))
      }
    }
  }
  const all = [...families.values()]
  // OpenMetrics has no empty lines, and says where it ends.
  if ([...texts.values()].some((text) => text.endsWith(openEnd))) {
    return all.flatMap(({ head, samples }) => [...head, ...samples]).join('\n') + openEnd
  }
  return all.flatMap(({ head, samples }) => [...head, ...samples, '']).join('\n')
}

const openEnd = '\n# EOF\n'

interface Family {
  readonly head: string[]
  readonly samples: string[]
}

/** `name{a="b"} 1` or `name 1`, with one label more. */
function labelled(sample: string, worker: string): string {
  const brace = sample.indexOf('{')
  const space = sample.indexOf(' ')
  const label = `worker="${worker}"`
  if (brace < 0 || brace > space) return `${sample.slice(0, space)}{${label}}${sample.slice(space)}`
  const separator = sample[brace + 1] === '}' ? '' : ','
  return `${sample.slice(0, brace + 1)}${label}${separator}${sample.slice(brace + 1)}`
}
