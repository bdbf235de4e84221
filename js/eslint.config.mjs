import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import svelteParser from "svelte-eslint-parser";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/node_modules/", "**/dist/", "**/coverage/", "packages/*/src/generated/"] },
  js.configs.recommended,
  {
    files: ["packages/*/src/**/*.ts", "packages/*/tests/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: true }],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "no-restricted-globals": ["error", "eval"],
      eqeqeq: "error",
    },
  },
  ...svelte.configs.recommended,
  {
    files: ["packages/console/src/**/*.svelte", "packages/console/src/**/*.svelte.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parser: svelteParser,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
        parser: tseslint.parser,
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Svelte's own: `$state` and `$derived` look like what these rules forbid.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "prefer-const": "off",
      // Values that are made anew, never changed in place.
      "svelte/prefer-svelte-reactivity": "off",
      eqeqeq: "error",
    },
  },
  {
    // Only host/ touches SillyTavern: everything else is handed what it needs.
    files: ["packages/extension/src/**/*.ts"],
    ignores: ["packages/extension/src/host/**"],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "SillyTavern", message: "Only src/host/ touches SillyTavern." },
        { name: "jQuery", message: "Only src/host/ touches the page's jQuery." },
        { name: "$", message: "Only src/host/ touches the page's jQuery." },
      ],
    },
  },
  {
    files: ["*.mjs", "*.ts", "packages/*/*.mjs"],
    languageOptions: { globals: globals.node },
  },
  {
    files: ["*.ts"],
    extends: [tseslint.configs.recommended],
  },
);
