import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificate } from '../../deploy/test/certificates.ts'
import { root } from '../source-files.ts'

/** Where a proxy is to run. */
export interface Place {
  /** The fenced block of the document with this info string, fit for the mesh. */
  readonly block: (info: string) => string
  readonly folder: string
  readonly port: number
  readonly certificate: Certificate
}

/** A proxy as docs/proxies.md shows it, and what the document says that it can do. */
export interface ProxyProgram {
  readonly program: string
  /** Why it cannot be run here; false when it can. */
  readonly skip: string | false
  /** HTTP/3, in the build that is there. */
  readonly http3: boolean
  /** A WebSocket as a stream of HTTP/2 (RFC 8441). */
  readonly webSocketByHttp2: boolean
  /** The settings after which it ends what is quiet, as they stand in the document. */
  readonly timeouts: readonly string[]
  /** Writes what the program needs to the folder; its arguments. */
  readonly prepare: (place: Place) => readonly string[]
  /** How it takes settings that were changed while it runs. */
  readonly reload?: Reload
}

interface Reload {
  readonly file: string
  /** What takes the place of what, so that /weir/v1/changed answers. */
  readonly edits: Readonly<Record<string, string>>
  /** What tells the program; without it, it watches the file. */
  readonly signal?: NodeJS.Signals
}

export const proxies: readonly ProxyProgram[] = [
  proxy('nginx', {
    timeouts: ['proxy_read_timeout 120s', 'proxy_send_timeout 120s'],
    prepare({ block, folder, port, certificate }) {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      )
      const server = replaced(block('nginx'), {
        'listen 443 ': `listen 127.0.0.1:${port} `,
        '/etc/weir/tls.crt': certificate.cert,
        '/etc/weir/tls.key': certificate.key,
        'limit_conn addresses 1000': 'limit_conn addresses 20000',
      })
      const head = `daemon off; worker_processes 4; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;`
      const http = `access_log off; ${temporary.join(' ')}\n${server}`
      const config = `${head}\nevents { worker_connections 20000; }\nhttp { ${http} }\n`
      return ['-p', folder, '-c', written(folder, 'nginx.conf', config)]
    },
    reload: {
      file: 'nginx.conf',
      edits: { 'location /weir/ {': 'location = /weir/v1/changed { return 204; }\n  location /weir/ {' },
      signal: 'SIGHUP',
    },
  }),
  proxy('caddy', {
    http3: true,
    prepare({ block, folder, port, certificate }) {
      const site = replaced(block('caddyfile'), {
        'weir.example.org {': `https://127.0.0.1:${port} {`,
        '/etc/weir/tls.crt': certificate.cert,
        '/etc/weir/tls.key': certificate.key,
      })
      const config = `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tdefault_sni 127.0.0.1\n}\n${site}`
      return ['run', '--adapter', 'caddyfile', '--config', written(folder, 'Caddyfile', config)]
    },
  }),
  proxy('haproxy', {
    webSocketByHttp2: true,
    timeouts: ['timeout client 120s', 'timeout server 120s', 'timeout tunnel 1h'],
    prepare({ block, folder, port, certificate }) {
      const pem = readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8')
      const config = replaced(block('haproxy'), {
        'bind :443 ': `bind 127.0.0.1:${port} `,
        '/etc/weir/tls.pem': written(folder, 'tls.pem', pem),
        'gt 1000': 'gt 20000',
      })
      // A master, which begins a new process when it is told to.
      return ['-W', '-f', written(folder, 'haproxy.cfg', config)]
    },
    reload: {
      file: 'haproxy.cfg',
      edits: {
        'http-request deny': 'http-request return status 204 if { path /weir/v1/changed }\n  http-request deny',
      },
      signal: 'SIGUSR2',
    },
  }),
  proxy('envoy', {
    http3: true,
    webSocketByHttp2: true,
    timeouts: ['stream_idle_timeout: &quiet 120s'],
    prepare({ block, folder, port, certificate }) {
      const config = replaced(block('yaml envoy'), {
        'address: 0.0.0.0, port_value: 443': `address: 127.0.0.1, port_value: ${port}`,
        '/etc/weir/tls.crt': certificate.cert,
        '/etc/weir/tls.key': certificate.key,
      })
      return ['-c', written(folder, 'envoy.yaml', config), '--use-dynamic-base-id', '--log-level', 'warn']
    },
  }),
  proxy('traefik', {
    http3: true,
    prepare({ block, folder, port, certificate }) {
      const routes = replaced(block('yaml traefik-weir'), {
        'amount: 1000': 'amount: 20000',
        '/etc/weir/tls.crt': certificate.cert,
        '/etc/weir/tls.key': certificate.key,
      })
      const config = replaced(block('yaml traefik'), {
        '":443"': `"127.0.0.1:${port}"`,
        '/etc/traefik/weir.yaml': written(folder, 'traefik-weir.yaml', routes),
      })
      return [`--configFile=${written(folder, 'traefik.yaml', config)}`]
    },
    reload: {
      file: 'traefik-weir.yaml',
      edits: {
        '  routers:':
          '  routers:\n    changed: { rule: Path(`/weir/v1/changed`), middlewares: [changed], service: projector }',
        '  middlewares:\n': '  middlewares:\n    changed: { replacePath: { path: /v1/config } }\n',
      },
    },
  }),
]

function proxy(name: string, what: Pick<ProxyProgram, 'prepare'> & Partial<ProxyProgram>): ProxyProgram {
  const brought = join(root, '.tools/proxies', name)
  const program = existsSync(brought) ? brought : name
  const skip = spawnSync(program, ['-v']).error !== undefined && `${name} is not there`
  return { program: name, skip, http3: false, webSocketByHttp2: false, timeouts: [], ...what }
}

/** Throws when the text does not have what is to be replaced. */
export function replaced(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((result, [before, after]) => {
    if (!result.includes(before)) throw new Error(`docs/proxies.md has no "${before}" any more`)
    return result.replaceAll(before, after)
  }, text)
}

function written(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
