@if exist "%~dp0python.exe" ("%~dp0python.exe" -m modellint %*) else ("%~dp0..\python.exe" -m modellint %*)
