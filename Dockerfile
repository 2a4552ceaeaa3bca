# GraphiQL's files come from npm, at build time; they are in no repository.
FROM node:20-slim AS assets
WORKDIR /build
COPY tools/graphiql tools/graphiql
COPY app/http/templates app/http/templates
RUN node tools/graphiql/build.mjs

# A wheel with everything the program serves.
FROM python:3.11-slim AS wheel
WORKDIR /build
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY app app
COPY --from=assets /build/app/http/static/graphiql app/http/static/graphiql
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim
COPY requirements/app.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl \
    && rm -r /wheels \
    && useradd --system --create-home --uid 10001 graph
USER graph
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["customer-graph", "serve"]
