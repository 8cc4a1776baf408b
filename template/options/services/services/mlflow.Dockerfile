# The MLflow server, in the version of uv.lock: the project's own MLflow and the server then agree on the database.

FROM python:{{ python_version }}-slim AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9

WORKDIR /server
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --only-group server && rm -f .venv/.lock


FROM python:{{ python_version }}-slim

RUN groupadd --gid 10001 mlflow \
    && useradd --uid 10001 --gid mlflow --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mlflow

WORKDIR /server
COPY --from=builder /server/.venv .venv

ENV HOME=/tmp \
    PATH=/server/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

USER 10001:10001
EXPOSE 5000
CMD ["mlflow", "server", "--host=0.0.0.0", "--port=5000", "--workers=1"]
