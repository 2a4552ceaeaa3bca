# GraphiQL's files come from npm, at build time; they are in no repository.
FROM node:20-slim AS assets
WORKDIR /build
COPY tools/graphiql tools/graphiql
COPY app/http/templates app/http/templates
RUN node tools/graphiql/build.mjs

# A wheel with everything the program serves.
FROM python:3.11-slim AS wheel
WORKDIR /build
COPY pyproject.toml README.md ./
COPY app app
COPY --from=assets /build/app/http/static/graphiql app/http/static/graphiql
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY constraints.txt /tmp/constraints.txt
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir -c /tmp/constraints.txt /wheels/*.whl \
    && rm -rf /wheels /tmp/constraints.txt \
    && useradd --system --create-home --uid 10001 graph
USER graph
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["customer-graph", "serve"]
