const key = 'weir.theme'
export const themeChoices = ['system', 'light', 'dark'] as const

export type ThemeChoice = (typeof themeChoices)[number]

/** Light or dark: as the system has it, unless the person has chosen. */
export class Theme {
  #choice: ThemeChoice = $state(stored())
  #systemDark = $state(false)

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)')
    this.#systemDark = query.matches
    query.addEventListener('change', ({ matches }) => {
      this.#systemDark = matches
    })
    this.#apply()
  }

  get choice(): ThemeChoice {
    return this.#choice
  }

  set choice(choice: ThemeChoice) {
    this.#choice = choice
    localStorage.setItem(key, choice)
    this.#apply()
  }

  /** What is shown now. */
  get shown(): 'light' | 'dark' {
    if (this.#choice !== 'system') return this.#choice
    return this.#systemDark ? 'dark' : 'light'
  }

  /** System, light, dark, and round again. */
  next(): void {
    this.choice = themeChoices[(themeChoices.indexOf(this.#choice) + 1) % themeChoices.length] ?? 'system'
  }

  #apply(): void {
    if (this.#choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.#choice
  }
}

function stored(): ThemeChoice {
  const value = localStorage.getItem(key)
  return themeChoices.find((choice) => choice === value) ?? 'system'
}
