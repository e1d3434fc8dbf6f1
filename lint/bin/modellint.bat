@if exist "%~dp0python.exe" ("%~dp0python.exe" -P -m modellint %*) else ("%~dp0..\python.exe" -P -m modellint %*)
