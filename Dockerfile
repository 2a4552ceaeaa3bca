# Both images are pinned by the digest of their index for all platforms. `docker buildx imagetools inspect
# python:3.11-slim` shows the newest.
FROM python:3.11.15-slim@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff AS python

# GraphiQL's files come from npm, at build time; they are in no repository.
FROM node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0 AS assets
WORKDIR /build
COPY tools/graphiql tools/graphiql
COPY app/http/templates app/http/templates
RUN node tools/graphiql/build.mjs

# A wheel with everything the program serves.
FROM python AS wheel
WORKDIR /build
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY app app
COPY --from=assets /build/app/http/static/graphiql app/http/static/graphiql
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

# What serves it, without the embedded mongod: that is an extra, and the image is for a MongoDB of the operator's.
FROM python
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
