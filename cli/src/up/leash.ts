import { type ChildProcess, spawn } from 'node:child_process'

// Reads `+ <group>` and `- <group>`. At the end of its input, which is the end of `weir up` however
// that came, it ends the process groups that are left: politely first, for good after a while.
// Signals of the terminal are not for it.
const script = `
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
tries=0
while [ $tries -lt 20 ]; do
  left=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && left=yes; done
  [ -n "$left" ] || exit 0
  sleep 0.25
  tries=$((tries + 1))
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`

/**
 * Makes sure that no process outlives `weir up`, also when that is killed with a signal it cannot
 * catch: a small shell holds the other end of a pipe, and the kernel closes the pipe whatever
 * happens.
 */
export class Leash {
  readonly #shell: ChildProcess

  constructor() {
    this.#shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    this.#shell.unref()
    // Somebody may have ended the shell: the mesh goes on without it.
    this.#shell.stdin?.on('error', () => undefined)
  }

  /** Puts the process group of a child on the leash. */
  hold(group: number): void {
    this.#shell.stdin?.write(`+ ${group}\n`)
  }

  /** The group has ended: its number may be another's soon. */
  letGo(group: number): void {
    this.#shell.stdin?.write(`- ${group}\n`)
  }

  /** Ends the shell, and with it whatever is still held. */
  close(): void {
    this.#shell.stdin?.end()
  }
}
