/** Which page is shown: the part of the address behind `#`, so that a page can be linked and Back works. */

export type Page = "overview" | "chat" | "rooms" | "functions" | "webhooks" | "schedules" | "keys" | "audit";

const PAGES: readonly Page[] = [
  "overview",
  "chat",
  "rooms",
  "functions",
  "webhooks",
  "schedules",
  "keys",
  "audit",
];

class Place {
  page = $state<Page>("overview");
  /** What follows the page in the address, e.g. a tavern's id. */
  detail = $state("");

  constructor() {
    this.read();
    addEventListener("hashchange", () => {
      this.read();
    });
  }

  private read(): void {
    const [page, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    this.page = PAGES.find((each) => each === page) ?? "overview";
    this.detail = decodeURIComponent(rest.join("/"));
  }
}

export const place = new Place();

export function linkTo(page: Page, detail = ""): string {
  return detail === "" ? `#/${page}` : `#/${page}/${encodeURIComponent(detail)}`;
}
