import { accessSettings, commandSettings, upSettings } from '../cli/src/settings.ts'
import { portSettings } from '../cli/src/up/ports.ts'
import { hubSettings } from '../hub/src/settings.ts'
import { ingestSettings } from '../ingest/src/settings.ts'
import { configTable, type Declaration, meshSettings } from '../mesh/src/index.ts'
import { projectorSettings } from '../projector/src/settings.ts'

/** docs/config.md: every setting, from the declarations that the services themselves read. */
export function configDocument(): string {
  const sections: readonly [title: string, words: string, declaration: Declaration][] = [
    ['Every service', 'What ingest, hub and projector share.', meshSettings],
    ['Ingest', '', own(ingestSettings)],
    ['Hub', '', own(hubSettings)],
    ['Projector', '', own(projectorSettings)],
    ['weir up', portsWords, { ...portSettings, ...upSettings }],
    ['The other commands', 'Options of the same name go before these.', { ...accessSettings, ...commandSettings }],
  ]
  return [
    '<!-- Written by `make gen` from the declarations of the services. -->',
    '# Configuration',
    '',
    'The environment is the only place: the only files are those that a setting names. A service reads it',
    'once, when it starts, and names every fault in it together. An empty variable counts as absent.',
    'Sizes are written as `512KiB` or `64MiB`, times as `30s`, `5m` or `250ms`; a number alone is',
    'seconds.',
    '',
    'A service that is told what it cannot use says all of it on standard error and ends with 78; one',
    'that cannot start for another reason, as a missing key for tokens, a port that is taken or a NATS',
    'that refuses it, says so in a sentence and ends with 1. The projector starts without its database,',
    'which readiness then names.',
    '',
    ...sections.flatMap(([title, words, declaration]) => [
      `## ${title}`,
      '',
      ...(words === '' ? [] : [words, '']),
      configTable(declaration),
    ]),
  ].join('\n')
}

const portsWords =
  '`WEIR_PORT_BASE=n` moves all ports together; a variable of its own moves one. Everything listens on\n' +
  '127.0.0.1. Settings of a service can be given to `weir up`, which hands its environment on.'

/** The settings that a service does not share with the others. */
function own(declaration: Declaration): Declaration {
  return Object.fromEntries(Object.entries(declaration).filter(([name]) => !(name in meshSettings)))
}
