import { readFileSync } from 'node:fs'

/** One line of a container file: `COPY`, and what follows it. */
export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly image: string
  /** The name behind AS, or its number. */
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/**
 * The stages of a container file. Throws on what its reader does not know, so that nothing of a
 * file goes untested.
 */
export function readContainerfile(path: string): readonly Stage[] {
  const stages: { image: string; name: string; instructions: Instruction[] }[] = []
  const text = readFileSync(path, 'utf8').replaceAll(/^\s*#.*\n/gm, '')
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '') continue
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (!known.has(name)) throw new Error(`${path}: "${line}" is not understood here.`)
    if (name === 'FROM') {
      const [, image = '', as] = /^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(rest) ?? []
      stages.push({ image, name: as ?? String(stages.length), instructions: [] })
    } else stages.at(-1)?.instructions.push({ name, text: rest })
  }
  return stages
}

const known = new Set(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'ARG'])
