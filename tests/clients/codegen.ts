import type { CodegenConfig } from "@graphql-codegen/cli";

import relay from "./relay.config.json" with { type: "json" };

// A scalar that no frontend has a type for stops the generator, instead of becoming `any`.
const types = { scalars: relay.customScalarTypes, strictScalars: true, useTypeImports: true, enumsAsTypes: true };

const config: CodegenConfig = {
  schema: "./schema.graphql",
  documents: "./codegen/*.ts",
  generates: {
    "./codegen/gql/": { preset: "client", config: types },
    "./codegen/schema.ts": { plugins: ["typescript"], config: types },
  },
};

export default config;
