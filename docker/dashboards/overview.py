"""The dashboard to open first: rate, errors and duration, as clients see them.

Owns its panels and their expressions. Health checks and scrapes are excluded from every number.
"""

from __future__ import annotations

from docker.dashboards.panels import Dashboard, Panel, Query, Row

INSTANCE = 'instance=~"$instance"'
ASKED = f'{INSTANCE},route!~"/health.*|/metrics"'
TIMED = f'{INSTANCE},route!~"/health.*|/metrics|/datasets"'  # a data set may take hours
FAULTS = f'{ASKED},status=~"5..",status!~"503|504"'
COUNTED = f'{ASKED},status!~"503|504|429"'
TOO_MUCH = f'{INSTANCE},reason=~"queue_full|deadline"'
RATE = "[$__rate_interval]"


def _quantile(share: float, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    buckets = f"rate(progan_request_duration_seconds_bucket{{{TIMED}}}{RATE})"
    return f"histogram_quantile({share}, sum by ({labels}) ({buckets}))"


AT_A_GLANCE = Row(
    "At a glance",
    [
        Panel(
            "Firing alerts",
            "Alerts that stand now. Not zero: open the runbook at the alert's name.",
            "short",
            [Query('count(ALERTS{alertstate="firing", alertname=~"Progan.+"}) or vector(0)')],
            kind="stat",
            steps=[(None, "green"), (1, "red")],
            width=3,
            height=4,
        ),
        Panel(
            "Instances up",
            "Instances that answer a scrape. Fewer than there should be: ProganDown.",
            "short",
            [Query(f'sum(up{{job="progan",{INSTANCE}}}) or vector(0)')],
            kind="stat",
            steps=[(None, "red"), (1, "green")],
            width=3,
            height=4,
        ),
        Panel(
            "Uptime",
            "Since the youngest process began. Short though nobody restarted it: ProganRestarting.",
            "s",
            [Query(f'min(time() - process_start_time_seconds{{job="progan",{INSTANCE}}})')],
            kind="stat",
            steps=[(None, "orange"), (600, "green")],
            width=3,
            height=4,
            without_data="down",
        ),
        Panel(
            "Requests per second",
            "Requests of clients over the last five minutes. Zero at a busy hour: nobody reaches "
            "the service.",
            "reqps",
            [Query(f"sum(rate(progan_requests_total{{{ASKED}}}[5m])) or vector(0)")],
            kind="stat",
            width=3,
            height=4,
        ),
        Panel(
            "Failed requests",
            "Share answered with a fault of the server, refusals not counted. Above 0.5 % the "
            "objective is missed: find the route below.",
            "percentunit",
            [Query("progan:failed_requests:ratio_rate5m >= 0")],
            kind="stat",
            without_data="no requests",
            steps=[(None, "green"), (0.005, "orange"), (0.03, "red")],
            width=3,
            height=4,
        ),
        Panel(
            "Refused requests",
            "Share refused for lack of capacity (queue full, deadline). Above 5 %: add capacity.",
            "percentunit",
            [
                Query(
                    f"(sum(rate(progan_refused_total{{{TOO_MUCH}}}[5m])) "
                    f"or vector(0)) / (sum(rate(progan_requests_total{{{ASKED}}}[5m])) > 0)"
                )
            ],
            kind="stat",
            without_data="no requests",
            steps=[(None, "green"), (0.01, "orange"), (0.05, "red")],
            width=3,
            height=4,
        ),
        Panel(
            "Time to answer, 95 %",
            "19 of 20 requests are answered within this time. Above 5 s: see the dashboard of the "
            "engine for waiting, computing or encoding.",
            "s",
            [Query(_quantile(0.95).replace("$__rate_interval", "5m") + " >= 0")],
            kind="stat",
            without_data="no requests",
            steps=[(None, "green"), (2, "orange"), (5, "red")],
            width=3,
            height=4,
        ),
        Panel(
            "Images per second",
            "Images computed over the last five minutes: the work that is paid for.",
            "ops",
            [Query(f"sum(rate(progan_images_total{{{INSTANCE}}}[5m])) or vector(0)")],
            kind="stat",
            width=3,
            height=4,
        ),
    ],
)

REQUESTS = Row(
    "Requests",
    [
        Panel(
            "Requests by route",
            "What is asked for. A change of mix explains a change of load: walks and large counts "
            "cost many images each.",
            "reqps",
            [
                Query(
                    f"sum by (route, method) (rate(progan_requests_total{{{ASKED}}}{RATE}))",
                    "{{method}} {{route}}",
                )
            ],
        ),
        Panel(
            "Requests by status",
            "How requests end. 4xx is the clients' to mend, 429, 503 and 504 are refusals, 500 is "
            "ours.",
            "reqps",
            [
                Query(
                    f"sum by (status) (rate(progan_requests_total{{{ASKED}}}{RATE}))",
                    "{{status}}",
                )
            ],
            stacked=True,
        ),
    ],
)

ERRORS = Row(
    "Errors and refusals",
    [
        Panel(
            "Error budget burn rate",
            "How many times faster than allowed the month's budget of failed requests is spent. "
            "Above 14.4 or 6 somebody is paged, above 1 the objective will be missed.",
            "short",
            [
                Query("progan:failed_requests:ratio_rate1h / 0.005", "over 1 hour"),
                Query("progan:failed_requests:ratio_rate6h / 0.005", "over 6 hours"),
                Query("progan:failed_requests:ratio_rate3d / 0.005", "over 3 days"),
            ],
            steps=[(None, "green"), (1, "orange"), (6, "red")],
            width=8,
        ),
        Panel(
            "Failed requests by route",
            "Requests answered with 500. One route: its code; all that compute: the engine.",
            "reqps",
            [
                Query(
                    f"(sum by (route) (rate(progan_requests_total{{{FAULTS}}}{RATE}))) "
                    f"or (0 * sum by (route) (rate(progan_requests_total{{{COUNTED}}}{RATE})))",
                    "{{route}}",
                )
            ],
            width=8,
        ),
        Panel(
            "Refusals by reason",
            "queue_full and deadline: too little capacity. rate_limit: a greedy client. cancelled: "
            "clients that left. draining: a restart.",
            "reqps",
            [
                Query(
                    f"sum by (reason) (rate(progan_refused_total{{{INSTANCE}}}{RATE}))",
                    "{{reason}}",
                )
            ],
            stacked=True,
            width=8,
        ),
    ],
)

DURATION = Row(
    "Duration",
    [
        Panel(
            "Time to answer",
            "From request to last byte, over all routes but data sets. The median tells how it "
            "feels, 99 % how it feels to the unlucky; far apart, requests queue.",
            "s",
            [
                Query(_quantile(0.5), "50 %"),
                Query(_quantile(0.95), "95 %"),
                Query(_quantile(0.99), "99 %"),
            ],
            steps=[(None, "transparent"), (5, "red")],
        ),
        Panel(
            "Time to answer by route, 95 %",
            "Which route is slow: a picture by seed should be the fastest, a walk may take long.",
            "s",
            [Query(_quantile(0.95, "route"), "{{route}}")],
        ),
    ],
)

OVERVIEW = Dashboard(
    "progan-overview",
    "Progan: overview",
    "Is the service well, as its clients see it? Requests, errors, refusals and time.",
    [AT_A_GLANCE, REQUESTS, ERRORS, DURATION],
)
