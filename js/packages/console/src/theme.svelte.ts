/** Light or dark: as the system has it, until the person chooses. */

export type Theme = "light" | "dark";

const KEPT = "tavernlink.theme";

class ThemeChoice {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private ofSystem = $state<Theme>(this.system.matches ? "dark" : "light");
  private chosen = $state<Theme | null>(kept());

  constructor() {
    this.system.addEventListener("change", () => {
      this.ofSystem = this.system.matches ? "dark" : "light";
    });
  }

  get current(): Theme {
    return this.chosen ?? this.ofSystem;
  }

  toggle(): void {
    this.chosen = this.current === "dark" ? "light" : "dark";
    localStorage.setItem(KEPT, this.chosen);
  }
}

function kept(): Theme | null {
  const value = localStorage.getItem(KEPT);
  return value === "light" || value === "dark" ? value : null;
}

export const theme = new ThemeChoice();
