import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NatsTls } from '@weir/mesh'

/** The files of one who shows a certificate, as a Secret of type kubernetes.io/tls has them. */
export interface Certificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * A certificate authority of a test's own, in a folder. Certificates are good for 127.0.0.1 and for
 * a day.
 */
export class Authority {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    openssl(folder, ['req', '-x509', ...newKey('ca.key'), '-out', 'ca.crt', '-days', '1', '-subj', '/CN=weir test'])
  }

  /** A folder of that name with ca.crt, tls.crt and tls.key. */
  issue(name: string): Certificate {
    const folder = join(this.#folder, name)
    mkdirSync(folder)
    writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    openssl(folder, ['req', ...newKey('tls.key'), '-out', 'tls.csr', '-subj', `/CN=${name}`])
    const signed = ['x509', '-req', '-in', 'tls.csr', '-CA', '../ca.crt', '-CAkey', '../ca.key', '-CAcreateserial']
    openssl(folder, [...signed, '-days', '1', '-extfile', 'san', '-out', 'tls.crt'])
    openssl(folder, ['x509', '-in', '../ca.crt', '-out', 'ca.crt'])
    return { ca: join(folder, 'ca.crt'), cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  }
}

function newKey(file: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]
}

function openssl(folder: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** As a service names them. */
export function filesOf({ ca, cert, key }: Certificate): NatsTls {
  return { caFile: ca, certFile: cert, keyFile: key }
}
