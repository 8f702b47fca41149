const key = 'weir.theme'
const choices = ['system', 'light', 'dark'] as const

export type ThemeChoice = (typeof choices)[number]

/** Light or dark: as the system has it, unless the person has chosen. */
export class Theme {
  choice: ThemeChoice = $state(stored())
  #systemDark = $state(false)

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)')
    this.#systemDark = query.matches
    query.addEventListener('change', ({ matches }) => {
      this.#systemDark = matches
    })
    this.#apply()
  }

  /** What is shown now. */
  get shown(): 'light' | 'dark' {
    if (this.choice !== 'system') return this.choice
    return this.#systemDark ? 'dark' : 'light'
  }

  /** System, light, dark, and round again. */
  next(): void {
    this.choice = choices[(choices.indexOf(this.choice) + 1) % choices.length] ?? 'system'
    localStorage.setItem(key, this.choice)
    this.#apply()
  }

  #apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.choice
  }
}

function stored(): ThemeChoice {
  const value = localStorage.getItem(key)
  return choices.find((choice) => choice === value) ?? 'system'
}
