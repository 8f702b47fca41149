import { fileURLToPath } from 'node:url'
import {
  type ConfigOf,
  integer,
  list,
  meshSettings,
  type Network,
  networks,
  optional,
  type Parser,
  portSetting,
  type Setting,
  setting,
  text,
  url,
} from '@weir/mesh'
import { defaultTenant } from '@weir/proto'
import { type Partition, partition, wholePartition } from './event/partition.ts'

const hubAddress: Parser<string> = {
  form: 'a URL, or a dot',
  parse: (value) => (value === '.' ? value : url.parse(value)),
}

/** Everything that the environment may tell the projector. */
export const projectorSettings: typeof meshSettings & {
  readonly port: Setting<number>
  readonly adminPort: Setting<number>
  readonly hubPort: Setting<number>
  readonly tenants: Setting<readonly string[]>
  readonly projections: Setting<string | undefined>
  readonly partition: Setting<Partition | 'auto'>
  readonly databaseUrl: Setting<string | undefined>
  readonly databaseReaders: Setting<number>
  readonly publicHubUrl: Setting<string | undefined>
  readonly origins: Setting<readonly string[]>
  readonly consoleFolder: Setting<string>
  readonly notifyAllow: Setting<readonly Network[]>
  readonly boards: Setting<readonly string[]>
  readonly routesFile: Setting<string | undefined>
} = {
  ...meshSettings,
  port: portSetting('projector', 'Where the read API and the console are.'),
  adminPort: portSetting('projectorAdmin', 'Where /healthz, /readyz and /metrics of the projector are.'),
  hubPort: portSetting('hub', 'Where the console looks for the hub, on the host that served it.'),
  tenants: setting('WEIR_TENANTS', list, [defaultTenant], 'The tenants whose events are projected.'),
  projections: optional(
    'WEIR_PROJECTIONS',
    text,
    'The YAML file that declares the projections; without one there are `latest` over everything with 1 hour, and `history`.',
  ),
  partition: {
    env: 'WEIR_PROJECTOR_PARTITION',
    parser: partition,
    fallback: () => wholePartition,
    fallbackText: '0/1',
    sentence:
      'Which share of the keys this replica works on, by their hash; with auto, replicas of the same tenants share them.',
  },
  databaseUrl: optional(
    'DATABASE_URL',
    postgresUrl(),
    'The Postgres of the history; needed while a history is declared.',
  ),
  databaseReaders: setting(
    'WEIR_DATABASE_READERS',
    integer(1, 100),
    4,
    'Connections to Postgres for reads at most, beside the one that writes. PGlite has that one alone.',
  ),
  publicHubUrl: optional(
    'WEIR_PUBLIC_HUB_URL',
    hubAddress,
    'The address of the hub as browsers reach it, wss://host[:port]; a dot where a proxy leads to it below the address of the page.',
  ),
  origins: setting(
    'WEIR_CORS_ORIGINS',
    list,
    [],
    'Origins whose pages may use the read API, beside its own; * for every one.',
  ),
  consoleFolder: {
    env: 'WEIR_CONSOLE_FOLDER',
    parser: text,
    fallback: () => fileURLToPath(new URL('../../console/dist', import.meta.url)),
    fallbackText: '`console/dist` of this checkout',
    sentence: 'The folder of the built console.',
  },
  notifyAllow: setting(
    'WEIR_NOTIFY_ALLOW',
    networks,
    [],
    'Networks of this machine, or private ones, to which notifications may go all the same.',
  ),
  boards: setting(
    'WEIR_BOARDS',
    list,
    [],
    'Folders of boards, `<name>.json` each, that everybody who signs in sees; docs/console.md says what is in one.',
  ),
  routesFile: optional(
    'WEIR_PROJECTOR_ROUTES',
    text,
    'A YAML file of read routes: a value of a bucket at a path of yours (docs/projections.md).',
  ),
}

function postgresUrl(): typeof url {
  return {
    form: 'a postgres:// URL',
    parse(value) {
      if (!/^postgres(ql)?:\/\//.test(url.parse(value))) throw new Error('it begins with postgres:// or postgresql://')
      return value
    },
  }
}

export type ProjectorConfig = ConfigOf<typeof projectorSettings>
