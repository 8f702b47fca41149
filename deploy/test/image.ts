import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, matchesGlob } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readContainerfile, type Stage } from './containerfile.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What a container file makes, assembled into a folder by a reader of our own: no engine runs here.
 */
export interface Image {
  /**
   * The folder that is the root of the container. Of the base image it has only what the services
   * need of it.
   */
  readonly root: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly user: number
  readonly entrypoint: readonly string[]
  readonly healthcheck: readonly string[]
  /** What our layers hold, without the base image. */
  readonly bytes: number
  remove(): void
}

/**
 * Follows deploy/containers/<name>.Containerfile line by line. What it runs is run here, with the
 * tools of this checkout.
 */
export function assembleImage(name: string): Image {
  const work = mkdtempSync(join(tmpdir(), 'weir-image-'))
  const folders = new Map<string, string>()
  let image: Image | undefined
  for (const stage of readContainerfile(join(repository, `deploy/containers/${name}.Containerfile`))) {
    const root = join(work, stage.name)
    layBase(stage.image, root)
    folders.set(stage.name, root)
    image = follow(stage, root, folders)
  }
  if (image === undefined) throw new Error(`${name}.Containerfile has no stage.`)
  return { ...image, remove: () => rmSync(work, { recursive: true, force: true }) }
}

/**
 * The runtimes of this checkout stand for those of the images, whose tags name the same versions.
 */
function layBase(image: string, root: string): void {
  mkdirSync(root, { recursive: true })
  const program = /^(?:oven\/)?(bun|node):/.exec(image)?.[1]
  if (program === undefined) return
  const tool = realpathSync(join(repository, '.tools/bin', program))
  const version = spawnSync(tool, ['--version'], { encoding: 'utf8' }).stdout.trim().replace(/^v/, '')
  if (!image.includes(`:${version}-`)) throw new Error(`${image} is not version ${version}, which is tested here.`)
  place(tool, join(root, 'usr/local/bin', program))
}

function follow(stage: Stage, root: string, folders: ReadonlyMap<string, string>): Image {
  let workdir = '/'
  let user = 0
  let entrypoint: readonly string[] = []
  let healthcheck: readonly string[] = []
  const env: Record<string, string> = {}
  const args: Record<string, string> = {}
  for (const { name, text } of stage.instructions) {
    switch (name) {
      case 'WORKDIR':
        workdir = text
        mkdirSync(root + workdir, { recursive: true })
        break
      case 'COPY':
        copy(text, root, workdir, folders)
        break
      case 'RUN':
        runHere(text, root + workdir, args)
        break
      case 'ARG':
        if (text in buildArguments) args[text] = buildArguments[text] ?? ''
        break
      case 'ENV':
        for (const [, key = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) env[key] = value
        break
      case 'USER':
        user = Number(text.split(':')[0])
        break
      case 'ENTRYPOINT':
        entrypoint = JSON.parse(text) as string[]
        break
      case 'HEALTHCHECK':
        healthcheck = text === 'NONE' ? [] : (JSON.parse(text.slice(text.indexOf('['))) as string[])
    }
  }
  return { root, workdir, env, user, entrypoint, healthcheck, bytes: sizeOf(root), remove: () => undefined }
}

/** What an engine gives to a build for this machine. */
const buildArguments: Readonly<Record<string, string>> = {
  TARGETARCH: process.arch === 'x64' ? 'amd64' : process.arch,
}

function copy(text: string, root: string, workdir: string, folders: ReadonlyMap<string, string>): void {
  const [, from, rest = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
  const paths = rest.split(/\s+/)
  const target = paths.pop() ?? ''
  for (const path of paths) {
    const source = from === undefined ? join(repository, path) : join(folders.get(from) ?? '', path)
    const into = target.startsWith('/') ? root + target : join(root + workdir, target)
    if (lstatSync(source).isDirectory()) copyFolder(source, into, from === undefined)
    else place(source, target.endsWith('/') ? join(into, basename(source)) : into)
  }
}

function copyFolder(source: string, into: string, fromContext: boolean): void {
  cpSync(source, into, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !fromContext || !isIgnored(path.slice(repository.length)),
  })
}

const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

function isIgnored(path: string): boolean {
  for (let each = path; each !== '.'; each = dirname(each)) {
    if (ignored.some((pattern) => matchesGlob(each, pattern))) return true
  }
  return false
}

function runHere(command: string, folder: string, args: Readonly<Record<string, string>>): void {
  const env = { ...process.env, ...args, PATH: `${repository}.tools/bin:${process.env.PATH}` }
  const { status, stderr, stdout } = spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`)
}

function place(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  if (existsSync(target)) rmSync(target)
  try {
    linkSync(source, target)
  } catch {
    copyFileSync(source, target)
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
